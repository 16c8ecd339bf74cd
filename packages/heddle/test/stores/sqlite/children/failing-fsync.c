/* Preloaded: flushes fail with EIO as long as the file that HEDDLE_FAIL_FSYNC names is there, which the first one removes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int failing(void) {
  const char *trigger = getenv("HEDDLE_FAIL_FSYNC");
  return trigger != NULL && unlink(trigger) == 0;
}

int fsync(int file) {
  static int (*real)(int);
  if (failing()) {
    errno = EIO;
    return -1;
  }
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return real(file);
}

int fdatasync(int file) {
  static int (*real)(int);
  if (failing()) {
    errno = EIO;
    return -1;
  }
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return real(file);
}
