# SPDX-License-Identifier: Apache-2.0
"""The README of a generated source tree; its example is compiled by the tests."""

from __future__ import annotations

_TEXT = """\
# PercepNet library, model {model}

Real-time suppression of noise and reverberation in speech: 48 kHz mono, 10 ms frames, 30 ms delay,
integers only, no allocation while processing. Generated; change the generator, not these files.

Build and install with CMake and any C11 compiler:

```
cmake -B build -DCMAKE_BUILD_TYPE=Release
cmake --build build
cmake --install build --prefix PREFIX
```

Use it (`#include <percepnet/percepnet.h>` documents every call):

```c
#include <percepnet/percepnet.h>
#include <stdio.h>

int main(void) {{ /* 48 kHz mono 16-bit samples, standard input to standard output */
  int16_t frame[PN_FRAME_SAMPLES];
  pn_state *state;
  pn_status status = pn_create(NULL, &state);
  if (status != PN_OK) return fprintf(stderr, "%s\\n", pn_error_string(status)), 1;
  while (fread(frame, sizeof frame, 1, stdin) == 1) {{
    pn_process_frame(state, frame, frame, NULL);
    fwrite(frame, sizeof frame, 1, stdout);
  }}
  pn_destroy(state);
  return 0;
}}
```

In another CMake project, after installing:

```
find_package(percepnet CONFIG REQUIRED)
target_link_libraries(app PRIVATE percepnet::percepnet)
```

or `add_subdirectory(percepnet)` with this folder, or
`cc app.c $(pkg-config --cflags --libs percepnet)`.
`percepnet_denoise IN.wav OUT.wav` is a complete program around the same calls.

| option | meaning |
|---|---|
| `BUILD_SHARED_LIBS` | shared instead of static library |
| `PN_MODEL_IMAGE` | another model image to embed |
| `PN_EMBED_MODEL` | `OFF`: embed none, `pn_create` gets one at run time |
| `PN_MODEL_AS_ARRAY` | embed it as a C array (done by itself for compilers without GNU assembly) |
| `PN_CHECK_KERNELS` | compare every SIMD kernel with the scalar one while running |

Model digest (SHA-256): `{digest}`
"""


def render_readme(model: str, digest: str) -> str:
    """Text of README.md for a tree with *model* whose image has *digest* (hex)."""
    return _TEXT.format(model=model, digest=digest)


def example_source(readme: str) -> str:
    """The C example of a rendered README."""
    return readme.split("```c\n", 1)[1].split("```", 1)[0]
