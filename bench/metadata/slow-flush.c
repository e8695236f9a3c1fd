/* Models a disk whose flush takes SLOW_FLUSH_US longer than this one's: LD_PRELOAD, benches only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for_disk(void) {
  const char *us = getenv("SLOW_FLUSH_US");
  if (us) usleep((useconds_t)atoi(us));
}

int fsync(int fd) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  wait_for_disk();
  return next(fd);
}

int fdatasync(int fd) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  wait_for_disk();
  return next(fd);
}
