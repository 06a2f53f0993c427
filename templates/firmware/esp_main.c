/* Trains ${model} on this device. */
${console}

void app_main(void)
{
    ${model}_example();
}
