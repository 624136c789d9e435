/* Shifts the clocks that one process reads: preloaded, it adds what the file named by CLOCK_SHIFT holds.
 *
 * Three numbers of 64 bits: nanoseconds for the wall clock, nanoseconds for those that only count, and,
 * unless it is 0, the moment at which the wall clock stands. They may be changed while the process runs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct shift { volatile int64_t wall, count, stands; };
static struct shift *shift;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *name = getenv("CLOCK_SHIFT");
    int file = name ? open(name, O_RDONLY) : -1;
    if (file < 0) return;
    void *found = mmap(0, sizeof(struct shift), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (found != MAP_FAILED) shift = found;
}

int clock_gettime(clockid_t clock, struct timespec *told) {
    if (!real) begin();
    int done = real(clock, told);
    if (done || !shift) return done;
    int wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    int64_t at = told->tv_sec * 1000000000LL + told->tv_nsec + (wall ? shift->wall : shift->count);
    if (wall && shift->stands) at = shift->stands;
    told->tv_sec = at / 1000000000LL;
    told->tv_nsec = at % 1000000000LL;
    return 0;
}
