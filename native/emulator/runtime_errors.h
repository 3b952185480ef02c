// CUDA's errors: a name, a number and a text each, as the runtime of CUDA 13 has them.
#pragma once

#define EMULATOR_ERRORS(error)                                                                                                                                                                        \
  error(cudaSuccess, 0, "no error") error(cudaErrorInvalidValue, 1, "invalid argument") error(                                                                                                        \
      cudaErrorMemoryAllocation, 2,                                                                                                                                                                   \
      "out of memory") error(cudaErrorInitializationError, 3,                                                                                                                                         \
                             "initialization error") error(cudaErrorInvalidConfiguration, 9,                                                                                                          \
                                                           "invalid configuration argument")                                                                                                          \
      error(cudaErrorInvalidPitchValue, 12, "invalid pitch argument") error(                                                                                                                          \
          cudaErrorInvalidSymbol, 13,                                                                                                                                                                 \
          "invalid device symbol") error(cudaErrorInvalidHostPointer, 16,                                                                                                                             \
                                         "invalid host pointer") error(cudaErrorInvalidDevicePointer, 17,                                                                                             \
                                                                       "invalid device pointer")                                                                                                      \
          error(cudaErrorInvalidMemcpyDirection, 21, "invalid copy direction for memcpy") error(                                                                                                      \
              cudaErrorInsufficientDriver, 35,                                                                                                                                                        \
              "CUDA driver version is insufficient for CUDA "                                                                                                                                         \
              "runtime version") error(cudaErrorCallRequiresNewerDriver, 36,                                                                                                                          \
                                       "API call is not "                                                                                                                                             \
                                       "supported in the "                                                                                                                                            \
                                       "installed CUDA driver") error(cudaErrorDevicesUnavailable, 46,                                                                                                \
                                                                      "CUDA-capable device(s) is/are busy "                                                                                           \
                                                                      "or unavailable")                                                                                                               \
              error(cudaErrorInvalidDeviceFunction, 98, "invalid device function") error(                                                                                                             \
                  cudaErrorNoDevice, 100,                                                                                                                                                             \
                  "no CUDA-capable device is detected") error(cudaErrorInvalidDevice, 101,                                                                                                            \
                                                              "invalid device ordinal")                                                                                                               \
                  error(cudaErrorStartupFailure, 127, "startup failure in cuda runtime") error(                                                                                                       \
                      cudaErrorInvalidKernelImage, 200,                                                                                                                                               \
                      "device kernel image is invalid") error(cudaErrorDeviceUninitialized, 201,                                                                                                      \
                                                              "invalid device context")                                                                                                               \
                      error(cudaErrorAlreadyMapped, 208, "resource already mapped") error(                                                                                                            \
                          cudaErrorNoKernelImageForDevice, 209,                                                                                                                                       \
                          "no kernel image is available for execution on "                                                                                                                            \
                          "the device") error(cudaErrorECCUncorrectable, 214,                                                                                                                         \
                                              "uncorrectable ECC error "                                                                                                                              \
                                              "encountered") error(cudaErrorUnsupportedLimit, 215,                                                                                                    \
                                                                   "limit is not supported on this "                                                                                                  \
                                                                   "architecture")                                                                                                                    \
                          error(                                                                                                                                                                      \
                              cudaErrorDeviceAlreadyInUse, 216,                                                                                                                                       \
                              "exclusive-thread "                                                                                                                                                     \
                              "device already in "                                                                                                                                                    \
                              "use by a different "                                                                                                                                                   \
                              "thread") error(cudaErrorPeerAccessUnsupported, 217,                                                                                                                    \
                                              "peer "                                                                                                                                                 \
                                              "acces"                                                                                                                                                 \
                                              "s is "                                                                                                                                                 \
                                              "not "                                                                                                                                                  \
                                              "suppo"                                                                                                                                                 \
                                              "rted "                                                                                                                                                 \
                                              "betwe"                                                                                                                                                 \
                                              "en "                                                                                                                                                   \
                                              "these"                                                                                                                                                 \
                                              " two "                                                                                                                                                 \
                                              "devic"                                                                                                                                                 \
                                              "es") error(cudaErrorNvlinkUncorrectable, 220,                                                                                                          \
                                                          "uncorrectable NVLink error detected during the "                                                                                           \
                                                          "execution") error(cudaErrorUnsupportedPtxVersion,                                                                                          \
                                                                             222,                                                                                                                     \
                                                                             "the "                                                                                                                   \
                                                                             "provid"                                                                                                                 \
                                                                             "ed "                                                                                                                    \
                                                                             "PTX "                                                                                                                   \
                                                                             "was "                                                                                                                   \
                                                                             "compil"                                                                                                                 \
                                                                             "ed "                                                                                                                    \
                                                                             "with "                                                                                                                  \
                                                                             "an "                                                                                                                    \
                                                                             "unsupp"                                                                                                                 \
                                                                             "orted "                                                                                                                 \
                                                                             "toolch"                                                                                                                 \
                                                                             "ain.")                                                                                                                  \
                              error(                                                                                                                                                                  \
                                  cudaErrorOperatingSystem, 304,                                                                                                                                      \
                                  "OS call failed "                                                                                                                                                   \
                                  "or operation "                                                                                                                                                     \
                                  "not supported "                                                                                                                                                    \
                                  "on this OS") error(cudaErrorInvalidResourceHandle, 400,                                                                                                            \
                                                      "invalid resource handle") error(cudaErrorIllegalState,                                                                                         \
                                                                                       401,                                                                                                           \
                                                                                       "the operation "                                                                                               \
                                                                                       "cannot be "                                                                                                   \
                                                                                       "performed in the "                                                                                            \
                                                                                       "present state")                                                                                               \
                                  error(cudaErrorSymbolNotFound, 500, "named symbol not found") error(                                                                                                \
                                      cudaErrorNotReady, 600,                                                                                                                                         \
                                      "device not ready") error(cudaErrorIllegalAddress, 700,                                                                                                         \
                                                                "an illegal memory access was "                                                                                                       \
                                                                "encountered") error(cudaErrorLaunchOutOfResources,                                                                                   \
                                                                                     701,                                                                                                             \
                                                                                     "too many resources "                                                                                            \
                                                                                     "requested for launch")                                                                                          \
                                      error(cudaErrorLaunchTimeout, 702,                                                                                                                              \
                                            "the "                                                                                                                                                    \
                                            "launch "                                                                                                                                                 \
                                            "timed "                                                                                                                                                  \
                                            "out "                                                                                                                                                    \
                                            "and "                                                                                                                                                    \
                                            "was "                                                                                                                                                    \
                                            "termina"                                                                                                                                                 \
                                            "ted") error(cudaErrorPeerAccessAlreadyEnabled, 704,                                                                                                      \
                                                         "peer access is already enabled")                                                                                                            \
                                          error(cudaErrorPeerAccessNotEnabled, 705,                                                                                                                   \
                                                "peer "                                                                                                                                               \
                                                "access has "                                                                                                                                         \
                                                "not been "                                                                                                                                           \
                                                "enabled") error(cudaErrorSetOnActiveProcess, 708,                                                                                                    \
                                                                 "c"                                                                                                                                  \
                                                                 "a"                                                                                                                                  \
                                                                 "n"                                                                                                                                  \
                                                                 "n"                                                                                                                                  \
                                                                 "o"                                                                                                                                  \
                                                                 "t"                                                                                                                                  \
                                                                 " "                                                                                                                                  \
                                                                 "s"                                                                                                                                  \
                                                                 "e"                                                                                                                                  \
                                                                 "t"                                                                                                                                  \
                                                                 " "                                                                                                                                  \
                                                                 "w"                                                                                                                                  \
                                                                 "h"                                                                                                                                  \
                                                                 "i"                                                                                                                                  \
                                                                 "l"                                                                                                                                  \
                                                                 "e"                                                                                                                                  \
                                                                 " "                                                                                                                                  \
                                                                 "d"                                                                                                                                  \
                                                                 "e"                                                                                                                                  \
                                                                 "v"                                                                                                                                  \
                                                                 "i"                                                                                                                                  \
                                                                 "c"                                                                                                                                  \
                                                                 "e"                                                                                                                                  \
                                                                 " "                                                                                                                                  \
                                                                 "i"                                                                                                                                  \
                                                                 "s"                                                                                                                                  \
                                                                 " "                                                                                                                                  \
                                                                 "a"                                                                                                                                  \
                                                                 "c"                                                                                                                                  \
                                                                 "t"                                                                                                                                  \
                                                                 "i"                                                                                                                                  \
                                                                 "v"                                                                                                                                  \
                                                                 "e"                                                                                                                                  \
                                                                 " "                                                                                                                                  \
                                                                 "i"                                                                                                                                  \
                                                                 "n"                                                                                                                                  \
                                                                 " "                                                                                                                                  \
                                                                 "t"                                                                                                                                  \
                                                                 "h"                                                                                                                                  \
                                                                 "i"                                                                                                                                  \
                                                                 "s"                                                                                                                                  \
                                                                 " "                                                                                                                                  \
                                                                 "p"                                                                                                                                  \
                                                                 "r"                                                                                                                                  \
                                                                 "o"                                                                                                                                  \
                                                                 "c"                                                                                                                                  \
                                                                 "e"                                                                                                                                  \
                                                                 "s"                                                                                                                                  \
                                                                 "s") error(cudaErrorContextIsDestroyed,                                                                                              \
                                                                            709, "context is destroyed")                                                                                              \
                                              error(cudaErrorAssert, 710,                                                                                                                             \
                                                    "device-side "                                                                                                                                    \
                                                    "assert triggered") error(cudaErrorTooManyPeers, 711,                                                                                             \
                                                                              "peer mapping resources "                                                                                               \
                                                                              "exhausted")                                                                                                            \
                                                  error(cudaErrorHostMemoryAlreadyRegistered, 712,                                                                                                    \
                                                        "part or all of the requested memory "                                                                                                        \
                                                        "range is already mapped") error(cudaErrorHostMemoryNotRegistered,                                                                            \
                                                                                         713,                                                                                                         \
                                                                                         "pointer does not "                                                                                          \
                                                                                         "correspond to a "                                                                                           \
                                                                                         "registered "                                                                                                \
                                                                                         "memory "                                                                                                    \
                                                                                         "region") error(cudaErrorHardwareStackError,                                                                 \
                                                                                                         714,                                                                                         \
                                                                                                         "h"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         "w"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "c"                                                                                          \
                                                                                                         "k"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "o"                                                                                          \
                                                                                                         "r")                                                                                         \
                                                      error(cudaErrorIllegalInstruction, 715,                                                                                                         \
                                                            "an illegal "                                                                                                                             \
                                                            "instruction"                                                                                                                             \
                                                            " "                                                                                                                                       \
                                                            "was "                                                                                                                                    \
                                                            "encountere"                                                                                                                              \
                                                            "d") error(cudaErrorMisalignedAddress, 716,                                                                                               \
                                                                       "m"                                                                                                                            \
                                                                       "i"                                                                                                                            \
                                                                       "s"                                                                                                                            \
                                                                       "a"                                                                                                                            \
                                                                       "l"                                                                                                                            \
                                                                       "i"                                                                                                                            \
                                                                       "g"                                                                                                                            \
                                                                       "n"                                                                                                                            \
                                                                       "e"                                                                                                                            \
                                                                       "d"                                                                                                                            \
                                                                       " "                                                                                                                            \
                                                                       "a"                                                                                                                            \
                                                                       "d"                                                                                                                            \
                                                                       "d"                                                                                                                            \
                                                                       "r"                                                                                                                            \
                                                                       "e"                                                                                                                            \
                                                                       "s"                                                                                                                            \
                                                                       "s")                                                                                                                           \
                                                          error(cudaErrorInvalidAddressSpace, 717,                                                                                                    \
                                                                "operation not supported "                                                                                                            \
                                                                "on global/shared "                                                                                                                   \
                                                                "address space") error(cudaErrorInvalidPc,                                                                                            \
                                                                                       718,                                                                                                           \
                                                                                       "invalid program "                                                                                             \
                                                                                       "counter") error(cudaErrorLaunchFailure,                                                                       \
                                                                                                        719,                                                                                          \
                                                                                                        "u"                                                                                           \
                                                                                                        "n"                                                                                           \
                                                                                                        "s"                                                                                           \
                                                                                                        "p"                                                                                           \
                                                                                                        "e"                                                                                           \
                                                                                                        "c"                                                                                           \
                                                                                                        "i"                                                                                           \
                                                                                                        "f"                                                                                           \
                                                                                                        "i"                                                                                           \
                                                                                                        "e"                                                                                           \
                                                                                                        "d"                                                                                           \
                                                                                                        " "                                                                                           \
                                                                                                        "l"                                                                                           \
                                                                                                        "a"                                                                                           \
                                                                                                        "u"                                                                                           \
                                                                                                        "n"                                                                                           \
                                                                                                        "c"                                                                                           \
                                                                                                        "h"                                                                                           \
                                                                                                        " "                                                                                           \
                                                                                                        "f"                                                                                           \
                                                                                                        "a"                                                                                           \
                                                                                                        "i"                                                                                           \
                                                                                                        "l"                                                                                           \
                                                                                                        "u"                                                                                           \
                                                                                                        "r"                                                                                           \
                                                                                                        "e") error(cudaErrorCooperativeLaunchTooLarge,                                                \
                                                                                                                   720,                                                                               \
                                                                                                                   "too many blocks in cooperative launch")                                           \
                                                              error(                                                                                                                                  \
                                                                  cudaErrorNotPermitted, 800,                                                                                                         \
                                                                  "operation not "                                                                                                                    \
                                                                  "permitted") error(cudaErrorNotSupported,                                                                                           \
                                                                                     801,                                                                                                             \
                                                                                     "operation not "                                                                                                 \
                                                                                     "supported") error(cudaErrorSystemNotReady,                                                                      \
                                                                                                        802,                                                                                          \
                                                                                                        "sy"                                                                                          \
                                                                                                        "st"                                                                                          \
                                                                                                        "em"                                                                                          \
                                                                                                        " "                                                                                           \
                                                                                                        "no"                                                                                          \
                                                                                                        "t "                                                                                          \
                                                                                                        "ye"                                                                                          \
                                                                                                        "t "                                                                                          \
                                                                                                        "in"                                                                                          \
                                                                                                        "it"                                                                                          \
                                                                                                        "ia"                                                                                          \
                                                                                                        "li"                                                                                          \
                                                                                                        "ze"                                                                                          \
                                                                                                        "d")                                                                                          \
                                                                  error(                                                                                                                              \
                                                                      cudaErrorSystemDriverMismatch,                                                                                                  \
                                                                      803,                                                                                                                            \
                                                                      "system has unsupported display "                                                                                               \
                                                                      "driver / cuda driver "                                                                                                         \
                                                                      "combination") error(cudaErrorCompatNotSupportedOnDevice,                                                                       \
                                                                                           804,                                                                                                       \
                                                                                           "forward "                                                                                                 \
                                                                                           "compatib"                                                                                                 \
                                                                                           "ility "                                                                                                   \
                                                                                           "was "                                                                                                     \
                                                                                           "attempte"                                                                                                 \
                                                                                           "d on "                                                                                                    \
                                                                                           "non "                                                                                                     \
                                                                                           "supporte"                                                                                                 \
                                                                                           "d HW")                                                                                                    \
                                                                      error(cudaErrorStreamCaptureUnsupported,                                                                                        \
                                                                            900,                                                                                                                      \
                                                                            "oper"                                                                                                                    \
                                                                            "atio"                                                                                                                    \
                                                                            "n "                                                                                                                      \
                                                                            "not "                                                                                                                    \
                                                                            "perm"                                                                                                                    \
                                                                            "itte"                                                                                                                    \
                                                                            "d "                                                                                                                      \
                                                                            "when"                                                                                                                    \
                                                                            " str"                                                                                                                    \
                                                                            "eam "                                                                                                                    \
                                                                            "is "                                                                                                                     \
                                                                            "capt"                                                                                                                    \
                                                                            "urin"                                                                                                                    \
                                                                            "g") error(cudaErrorStreamCaptureInvalidated,                                                                             \
                                                                                       901,                                                                                                           \
                                                                                       "operation failed "                                                                                            \
                                                                                       "due to a previous "                                                                                           \
                                                                                       "error during "                                                                                                \
                                                                                       "capture")                                                                                                     \
                                                                          error(                                                                                                                      \
                                                                              cudaErrorStreamCaptureMerge,                                                                                            \
                                                                              902,                                                                                                                    \
                                                                              "operation would result in "                                                                                            \
                                                                              "a merge of separate "                                                                                                  \
                                                                              "capture sequences") error(cudaErrorStreamCaptureUnmatched,                                                             \
                                                                                                         903,                                                                                         \
                                                                                                         "c"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "p"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "u"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "w"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         "o"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "h"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "m"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "m"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "b"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "g"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "n") error(cudaErrorStreamCaptureUnjoined,                                                   \
                                                                                                                    904,                                                                              \
                                                                                                                    "capturing stream has "                                                           \
                                                                                                                    "unjoined work")                                                                  \
                                                                              error(                                                                                                                  \
                                                                                  cudaErrorStreamCaptureIsolation,                                                                                    \
                                                                                  905,                                                                                                                \
                                                                                  "d"                                                                                                                 \
                                                                                  "e"                                                                                                                 \
                                                                                  "p"                                                                                                                 \
                                                                                  "e"                                                                                                                 \
                                                                                  "n"                                                                                                                 \
                                                                                  "d"                                                                                                                 \
                                                                                  "e"                                                                                                                 \
                                                                                  "n"                                                                                                                 \
                                                                                  "c"                                                                                                                 \
                                                                                  "y"                                                                                                                 \
                                                                                  " "                                                                                                                 \
                                                                                  "c"                                                                                                                 \
                                                                                  "r"                                                                                                                 \
                                                                                  "e"                                                                                                                 \
                                                                                  "a"                                                                                                                 \
                                                                                  "t"                                                                                                                 \
                                                                                  "e"                                                                                                                 \
                                                                                  "d"                                                                                                                 \
                                                                                  " "                                                                                                                 \
                                                                                  "o"                                                                                                                 \
                                                                                  "n"                                                                                                                 \
                                                                                  " "                                                                                                                 \
                                                                                  "u"                                                                                                                 \
                                                                                  "n"                                                                                                                 \
                                                                                  "c"                                                                                                                 \
                                                                                  "a"                                                                                                                 \
                                                                                  "p"                                                                                                                 \
                                                                                  "t"                                                                                                                 \
                                                                                  "u"                                                                                                                 \
                                                                                  "r"                                                                                                                 \
                                                                                  "e"                                                                                                                 \
                                                                                  "d"                                                                                                                 \
                                                                                  " "                                                                                                                 \
                                                                                  "w"                                                                                                                 \
                                                                                  "o"                                                                                                                 \
                                                                                  "r"                                                                                                                 \
                                                                                  "k"                                                                                                                 \
                                                                                  " "                                                                                                                 \
                                                                                  "i"                                                                                                                 \
                                                                                  "n"                                                                                                                 \
                                                                                  " "                                                                                                                 \
                                                                                  "a"                                                                                                                 \
                                                                                  "n"                                                                                                                 \
                                                                                  "o"                                                                                                                 \
                                                                                  "t"                                                                                                                 \
                                                                                  "h"                                                                                                                 \
                                                                                  "e"                                                                                                                 \
                                                                                  "r"                                                                                                                 \
                                                                                  " "                                                                                                                 \
                                                                                  "s"                                                                                                                 \
                                                                                  "t"                                                                                                                 \
                                                                                  "r"                                                                                                                 \
                                                                                  "e"                                                                                                                 \
                                                                                  "a"                                                                                                                 \
                                                                                  "m") error(cudaErrorStreamCaptureImplicit,                                                                          \
                                                                                             906,                                                                                                     \
                                                                                             "operation "                                                                                             \
                                                                                             "would "                                                                                                 \
                                                                                             "make the "                                                                                              \
                                                                                             "legacy "                                                                                                \
                                                                                             "stream "                                                                                                \
                                                                                             "depend on a "                                                                                           \
                                                                                             "capturing "                                                                                             \
                                                                                             "blocking "                                                                                              \
                                                                                             "stream") error(cudaErrorCapturedEvent,                                                                  \
                                                                                                             907,                                                                                     \
                                                                                                             "operation not "                                                                         \
                                                                                                             "permitted on an "                                                                       \
                                                                                                             "event last "                                                                            \
                                                                                                             "recorded in a "                                                                         \
                                                                                                             "capturing "                                                                             \
                                                                                                             "stream")                                                                                \
                                                                                  error(                                                                                                              \
                                                                                      cudaErrorStreamCaptureWrongThread,                                                                              \
                                                                                      908,                                                                                                            \
                                                                                      "attempt to "                                                                                                   \
                                                                                      "terminate a "                                                                                                  \
                                                                                      "thread-"                                                                                                       \
                                                                                      "local "                                                                                                        \
                                                                                      "capture "                                                                                                      \
                                                                                      "sequence "                                                                                                     \
                                                                                      "from "                                                                                                         \
                                                                                      "another "                                                                                                      \
                                                                                      "thread")                                                                                                       \
                                                                                      error(cudaErrorTimeout,                                                                                         \
                                                                                            909,                                                                                                      \
                                                                                            "wait "                                                                                                   \
                                                                                            "operatio"                                                                                                \
                                                                                            "n timed "                                                                                                \
                                                                                            "out") error(cudaErrorGraphExecUpdateFailure,                                                             \
                                                                                                         910,                                                                                         \
                                                                                                         "t"                                                                                          \
                                                                                                         "h"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "g"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "p"                                                                                          \
                                                                                                         "h"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "u"                                                                                          \
                                                                                                         "p"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "w"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         "o"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "p"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "f"                                                                                          \
                                                                                                         "o"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "m"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "b"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "c"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "u"                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         "c"                                                                                          \
                                                                                                         "l"                                                                                          \
                                                                                                         "u"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "c"                                                                                          \
                                                                                                         "h"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         "g"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "w"                                                                                          \
                                                                                                         "h"                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "c"                                                                                          \
                                                                                                         "h"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "v"                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "o"                                                                                          \
                                                                                                         "l"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "c"                                                                                          \
                                                                                                         "o"                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         "p"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "c"                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "f"                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "c"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "o"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         "s"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "n"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "i"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "e"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "g"                                                                                          \
                                                                                                         "r"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "p"                                                                                          \
                                                                                                         "h"                                                                                          \
                                                                                                         " "                                                                                          \
                                                                                                         "u"                                                                                          \
                                                                                                         "p"                                                                                          \
                                                                                                         "d"                                                                                          \
                                                                                                         "a"                                                                                          \
                                                                                                         "t"                                                                                          \
                                                                                                         "e")                                                                                         \
                                                                                          error(                                                                                                      \
                                                                                              cudaErrorExternalDevice,                                                                                \
                                                                                              911,                                                                                                    \
                                                                                              "an async "                                                                                             \
                                                                                              "error has "                                                                                            \
                                                                                              "occured in "                                                                                           \
                                                                                              "external "                                                                                             \
                                                                                              "entity "                                                                                               \
                                                                                              "outside of "                                                                                           \
                                                                                              "CUDA")                                                                                                 \
                                                                                              error(                                                                                                  \
                                                                                                  cudaErrorInvalidClusterSize,                                                                        \
                                                                                                  912,                                                                                                \
                                                                                                  "a "                                                                                                \
                                                                                                  "kernel "                                                                                           \
                                                                                                  "launch "                                                                                           \
                                                                                                  "error "                                                                                            \
                                                                                                  "has "                                                                                              \
                                                                                                  "occurred"                                                                                          \
                                                                                                  " due to "                                                                                          \
                                                                                                  "cluster "                                                                                          \
                                                                                                  "misconfi"                                                                                          \
                                                                                                  "guratio"                                                                                           \
                                                                                                  "n") error(cudaErrorFunctionNotLoaded,                                                              \
                                                                                                             913,                                                                                     \
                                                                                                             "the function handle is not loaded when calling an API that requires a loaded function") \
                                                                                                  error(                                                                                              \
                                                                                                      cudaErrorInvalidResourceType,                                                                   \
                                                                                                      914,                                                                                            \
                                                                                                      "one "                                                                                          \
                                                                                                      "or "                                                                                           \
                                                                                                      "more"                                                                                          \
                                                                                                      " res"                                                                                          \
                                                                                                      "ourc"                                                                                          \
                                                                                                      "es "                                                                                           \
                                                                                                      "pass"                                                                                          \
                                                                                                      "ed "                                                                                           \
                                                                                                      "in "                                                                                           \
                                                                                                      "are "                                                                                          \
                                                                                                      "not "                                                                                          \
                                                                                                      "vali"                                                                                          \
                                                                                                      "d "                                                                                            \
                                                                                                      "reso"                                                                                          \
                                                                                                      "urce"                                                                                          \
                                                                                                      " typ"                                                                                          \
                                                                                                      "es "                                                                                           \
                                                                                                      "for "                                                                                          \
                                                                                                      "the "                                                                                          \
                                                                                                      "oper"                                                                                          \
                                                                                                      "atio"                                                                                          \
                                                                                                      "n")                                                                                            \
                                                                                                      error(                                                                                          \
                                                                                                          cudaErrorInvalidResourceConfiguration,                                                      \
                                                                                                          915,                                                                                        \
                                                                                                          "one or more resources are insufficient or non-applicable for the operation")               \
                                                                                                          error(                                                                                      \
                                                                                                              cudaErrorUnknown,                                                                       \
                                                                                                              999,                                                                                    \
                                                                                                              "unknown error")
