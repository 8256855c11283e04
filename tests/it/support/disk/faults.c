/* A disk that fails on demand, loaded in front of libc: while a file of the fault's name is in the folder
   that CUTOVER_TEST_FAULTS names, the calls that reach the disk go wrong. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int is_on(const char *fault) {
    char path[4096];
    const char *folder = getenv("CUTOVER_TEST_FAULTS");
    int saved = errno;
    int on = folder && snprintf(path, sizeof path, "%s/%s", folder, fault) < (int)sizeof path && access(path, F_OK) == 0;
    errno = saved;
    return on;
}

/* As on a disk that was mounted again read-only under us. */
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    if (is_on("read-only")) {
        errno = EROFS;
        return -1;
    }
    return real(file, bytes, count, at);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t at) {
    static ssize_t (*real)(int, void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pread64");
    if (is_on("unreadable")) {
        errno = EIO;
        return -1;
    }
    return real(file, bytes, count, at);
}

int fsync(int file) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    while (is_on("stalled")) usleep(5000);
    if (is_on("unsynced")) {
        errno = EIO;
        return -1;
    }
    return real(file);
}
