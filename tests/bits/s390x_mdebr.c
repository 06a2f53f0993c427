/* Exit status 1 where the emulator multiplies two short floats to a long one (MDEBR) wrongly, as
 * qemu-s390x 7.2 does: 1 * 1 gives 2^-7.  clang uses the instruction for products of converted
 * floats, of which software fma is made; gcc 12 does not. */
int main(void)
{
    double product;
    __asm__ volatile("lde %%f0,%1\n\tlde %%f1,%1\n\tmdebr %%f0,%%f1\n\tstd %%f0,%0"
                     : "=m"(product)
                     : "m"((float){1.0f})
                     : "f0", "f1");
    return product != 1.0;
}
