/* Trains ${model} on this device. */
${console}

int main(void)
{
    train();
    return 0;
}
