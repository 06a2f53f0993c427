/* Trains ${model} on this device. */
${console}

int main(void)
{
    ${model}_example();
    return 0;
}
