/* A libcuda.so.1 for tests of what is said where there is no working driver. Put first on LD_LIBRARY_PATH it
 * makes the real CUDA runtime see what these variables say: FAKE_CUINIT   what cuInit and every other call
 * returns: 100 no card (default), 3 not initialised, 999 unknown, 802 system not ready, 803 driver and system
 * differ, 804 compatibility mode unsupported FAKE_DRIVER   the driver's version, as CUDA counts it (default
 * 13000); 12080 is too old for CUDA 13 FAKE_LOG      set: names of functions that are asked for go to stderr
 * cc -shared -fPIC -o libcuda.so.1 fake_libcuda.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setting(const char* name, int otherwise) {
  const char* text = getenv(name);
  return text ? atoi(text) : otherwise;
}

static int failing_call(void) { return setting("FAKE_CUINIT", 100); }

int cuInit(unsigned flags) {
  (void)flags;
  return failing_call();
}

int cuDriverGetVersion(int* version) {
  *version = setting("FAKE_DRIVER", 13000);
  return 0;
}

/* CUDA_ERROR_NOT_FOUND: the runtime does without these tables. */
int cuGetExportTable(const void** table, const void* id) {
  (void)table;
  (void)id;
  return 500;
}

int cuGetProcAddress_v2(const char* name, void** function, int version, unsigned long long flags,
                        int* status) {
  (void)version;
  (void)flags;
  if (getenv("FAKE_LOG")) fprintf(stderr, "%s\n", name);
  if (status) *status = 0;
  *function = (void*)failing_call;
  if (!strcmp(name, "cuInit")) *function = (void*)cuInit;
  if (!strcmp(name, "cuDriverGetVersion")) *function = (void*)cuDriverGetVersion;
  if (!strcmp(name, "cuGetProcAddress")) *function = (void*)cuGetProcAddress_v2;
  if (!strcmp(name, "cuGetExportTable")) *function = (void*)cuGetExportTable;
  return 0;
}

int cuGetProcAddress(const char* name, void** function, int version, unsigned long long flags) {
  return cuGetProcAddress_v2(name, function, version, flags, NULL);
}
