/*
 * bcryptprimitives.dll for a Wine that has none yet (before 9.0): the one function of it that Bun calls. For trying the
 * Windows binary on Debian; no part of Postern.
 */

#define WINDOWS __attribute__((ms_abi))

unsigned char WINDOWS SystemFunction036(void *, unsigned long);

__declspec(dllexport) int WINDOWS ProcessPrng(unsigned char *to, unsigned long long size) {
  return SystemFunction036(to, (unsigned long)size);
}
