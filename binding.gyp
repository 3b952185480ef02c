# The CPU addon, built by node-gyp with what Node already needs: a C++ compiler, Python and make. CMakeLists.txt is the
# other build; both read their sources from native/sources.json.
{
  "variables": {
    "werror%": "<!(node -p \"process.env.ALEXNET_NATIVE_WERROR || 0\")"
  },
  "target_defaults": {
    "include_dirs": ["native"],
    "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS"],
    "cflags!": ["-fno-exceptions"],
    # GCC 12 sees overlapping copies in "a" + std::string (its bug 105651); Clang does not know that warning.
    "cflags": ["-Wall", "-Wextra", "-Wno-restrict", "-Wno-unknown-warning-option"],
    # Node's own settings ask for an older language, no exceptions and no type information.
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-O3", "-fvisibility=hidden", "-fPIC"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "CLANG_CXX_LIBRARY": "libc++",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_ENABLE_CPP_RTTI": "YES",
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "12.0"
    },
    "conditions": [["werror==1", { "cflags": ["-Werror"] }]]
  },
  "targets": [
    {
      "target_name": "alexnet_native",
      "sources": [
        "<!@(node -p \"const s = require('./native/sources.json'); [...s.addon, ...s.core, ...s.reference, ...s.cpu].join(' ')\")"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "ldflags": ["-Wl,--gc-sections", "-Wl,--exclude-libs,ALL"]
    }
  ]
}
