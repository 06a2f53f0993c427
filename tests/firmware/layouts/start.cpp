
/* What Arduino's core does with a sketch, until training is done. */
int main()
{
    setup();
    while (status != MLP_DONE)
        loop();
    return 0;
}
