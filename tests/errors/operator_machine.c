#ifdef SMALL
#endif
