/* Threads of one's own. */
#include <pthread.h>
#include <threads.h>
#include <unistd.h>

static pthread_mutex_t lock;
static float sum;

static void *work(void *x)
{
    pthread_mutex_lock(&lock);                          // found: threads
    sum += *(float *)x;
    pthread_mutex_unlock(&lock);                        // found: threads
    return NULL;
}

int faults(float *x)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, x))         // found: threads
        return 1;
    pthread_join(thread, NULL);                         // found: threads
    return fork() == 0;                                 // found: threads
}

int more(thrd_t *thread, thrd_start_t start)
{
    return thrd_create(thread, start, NULL);            // found: threads
}

int harmless(void)
{
    pthread_attr_t attributes;
    return pthread_attr_init(&attributes) + pthread_equal(pthread_self(), pthread_self());
}
