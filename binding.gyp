# The CPU addon, built by node-gyp with what Node already needs: a C++ compiler, Python and make. CMakeLists.txt is the
# other build; both read their sources from native/sources.json.
{
  "variables": {
    "werror%": "<!(node -p \"process.env.ALEXNET_NATIVE_WERROR || 0\")",
    "emulator%": "<!(node -p \"process.env.ALEXNET_NATIVE_EMULATOR || 0\")"
  },
  "target_defaults": {
    "include_dirs": ["native"],
    # The last one is for worker threads that are ended while they work: nobody is left to be told of errors.
    "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
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
    "conditions": [
      ["werror==1", { "cflags": ["-Werror"] }],
      # Before glibc 2.34 loading libraries is a library of its own.
      ["OS=='linux'", { "libraries": ["-ldl"] }]
    ]
  },
  "targets": [
    {
      "target_name": "alexnet_native",
      "sources": ["<!@(node -p \"require('./native/sources.json').addon.join(' ')\")"],
      "dependencies": ["alexnet_core"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # Symbols are bound at load, so that one that is missing is an error then and not a crash later.
      "ldflags": ["-Wl,--gc-sections", "-Wl,--exclude-libs,ALL", "-Wl,-z,now"]
    },
    {
      "target_name": "alexnet_core",
      "type": "static_library",
      "sources": [
        "<!@(node -p \"const s = require('./native/sources.json'); [...s.core, ...s.reference, ...s.cpu, ...s.images].join(' ')\")"
      ],
      "dependencies": ["isa_baseline"],
      "export_dependent_settings": ["isa_baseline"],
      "conditions": [["target_arch=='x64'", { "dependencies": ["isa_avx2", "isa_avx512", "isa_avx512bf16", "isa_amx"] }]]
    },
    {
      "target_name": "isa_baseline",
      "type": "static_library",
      "sources": ["<!@(node -p \"require('./native/sources.json').isa.baseline.sources.join(' ')\")"],
      "cflags_cc": ["<!@(node -p \"require('./native/sources.json').isa.baseline.flags.join(' ')\")"]
    }
  ],
  # The kernels of the CPU backend and of images once more for each vector instruction set; the widest that the processor
  # has is chosen at run time. A library each, because flags belong to targets.
  "conditions": [
    [
      "emulator==1",
      {
        "targets": [
          # The addon that tests use: with the CUDA backend, whose kernels run on the emulator's cards.
          {
            "target_name": "alexnet_native_emulated",
            "sources": [
              "<!@(node -p \"const s = require('./native/sources.json'); [...s.addon, ...s.cuda, ...s.emulator].join(' ')\")"
            ],
            "dependencies": ["alexnet_core", "emulated_kernels"],
            "defines": ["ALEXNET_CUDA", "ALEXNET_EMULATED"],
            "include_dirs": [
              "native/emulator/include",
              "<!(node -p \"require('node-addon-api').include_dir\")"
            ],
            "ldflags": ["-Wl,--gc-sections", "-Wl,--exclude-libs,ALL", "-Wl,-z,now"]
          },
          # Every access of a kernel is reported to the emulator through the thread sanitizer's hooks; its library is not
          # linked.
          {
            "target_name": "emulated_kernels",
            "type": "static_library",
            "sources": ["<!@(node scripts/emulated-kernels.mjs)"],
            "defines": ["ALEXNET_CUDA", "ALEXNET_EMULATED"],
            "include_dirs": ["native/emulator/include"],
            "cflags_cc": ["-O2", "-fsanitize=thread", "-Wno-unknown-pragmas"]
          }
        ]
      }
    ],
    [
      "target_arch=='x64'",
      {
        "targets": [
          {
            "target_name": "isa_avx2",
            "type": "static_library",
            "sources": ["<!@(node -p \"require('./native/sources.json').isa.avx2.sources.join(' ')\")"],
            "cflags_cc": ["<!@(node -p \"require('./native/sources.json').isa.avx2.flags.join(' ')\")"],
            "xcode_settings": {
              "OTHER_CPLUSPLUSFLAGS": ["<!@(node -p \"require('./native/sources.json').isa.avx2.flags.join(' ')\")"]
            }
          },
          {
            "target_name": "isa_avx512",
            "type": "static_library",
            "sources": ["<!@(node -p \"require('./native/sources.json').isa.avx512.sources.join(' ')\")"],
            "cflags_cc": ["<!@(node -p \"require('./native/sources.json').isa.avx512.flags.join(' ')\")"],
            "xcode_settings": {
              "OTHER_CPLUSPLUSFLAGS": ["<!@(node -p \"require('./native/sources.json').isa.avx512.flags.join(' ')\")"]
            }
          },
          # Compilers that do not know these instructions make empty tables of them.
          {
            "target_name": "isa_avx512bf16",
            "type": "static_library",
            "sources": ["<!@(node -p \"require('./native/sources.json').isa.avx512bf16.sources.join(' ')\")"],
            "cflags_cc": ["<!@(node scripts/isa-flags.mjs avx512bf16)"],
            "xcode_settings": {
              "OTHER_CPLUSPLUSFLAGS": ["<!@(node scripts/isa-flags.mjs avx512bf16)"]
            }
          },
          {
            "target_name": "isa_amx",
            "type": "static_library",
            "sources": ["<!@(node -p \"require('./native/sources.json').isa.amx.sources.join(' ')\")"],
            "cflags_cc": ["<!@(node scripts/isa-flags.mjs amx)"],
            "xcode_settings": {
              "OTHER_CPLUSPLUSFLAGS": ["<!@(node scripts/isa-flags.mjs amx)"]
            }
          }
        ]
      }
    ]
  ]
}
