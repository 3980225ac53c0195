/*
 * Debian has musl's loader, but no C++ library built for it. Its own one, built for glibc, works under musl for what a
 * start-up needs, once it finds these names. For trying a musl binary on Debian; no part of Postern.
 */

typedef __SIZE_TYPE__ size_t;

long getrandom(void *, size_t, unsigned);
size_t strftime(char *, size_t, const char *, const void *);
unsigned long getauxval(unsigned long);

unsigned arc4random(void) {
  unsigned value = 0;
  getrandom(&value, sizeof value, 0);
  return value;
}

size_t __strftime_l(char *to, size_t size, const char *format, const void *time, void *locale) {
  return strftime(to, size, format, time);
}

unsigned long __getauxval(unsigned long type) { return getauxval(type); }

int __cxa_thread_atexit_impl(void (*run)(void *), void *object, void *handle) { return 0; }

char __libc_single_threaded = 0;

int _dl_find_object(void *address, void *result) { return -1; }

int __cpu_indicator_init(void) { return 0; }

unsigned __cpu_model[4];
