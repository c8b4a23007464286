# SPDX-License-Identifier: Apache-2.0
set(PN_KERNEL_FAMILIES SCALAR NEON DOTPROD AVX2 AVX512VNNI)

set(PN_KERNEL_SCALAR_PROCESSORS any)
set(PN_KERNEL_SCALAR_FLAGS)
set(PN_KERNEL_SCALAR_SOURCES
  src/kernels/check.c
  src/kernels/cpu_features.c
  src/kernels/dispatch.c
  src/kernels/scalar/activation_scalar.c
  src/kernels/scalar/gemv_s8_s16_scalar.c
  src/kernels/scalar/gemv_s8_scalar.c
  src/kernels/scalar/gemv_sparse_s8_scalar.c
  src/kernels/scalar/gru_update_scalar.c
  src/kernels/scalar/kernels_scalar.c
  src/kernels/scalar/requantise_scalar.c)

set(PN_KERNEL_NEON_PROCESSORS aarch64 armv7)
set(PN_KERNEL_NEON_FLAGS_armv7 -mfpu=neon)
set(PN_KERNEL_NEON_SOURCES
  src/kernels/neon/activation_neon.c
  src/kernels/neon/fft_480_neon.c
  src/kernels/neon/gemv_s8_neon_aarch64.c
  src/kernels/neon/gemv_s8_neon_armv7.c
  src/kernels/neon/gemv_s8_s16_neon.c
  src/kernels/neon/gemv_sparse_s8_neon_aarch64.c
  src/kernels/neon/gemv_sparse_s8_neon_armv7.c
  src/kernels/neon/gru_update_neon.c
  src/kernels/neon/kernels_neon.c
  src/kernels/neon/requantise_neon.c)

set(PN_KERNEL_DOTPROD_PROCESSORS aarch64)
set(PN_KERNEL_DOTPROD_FLAGS -march=armv8.2-a+dotprod)
set(PN_KERNEL_DOTPROD_SOURCES
  src/kernels/dotprod/gemv_s8_dotprod.c
  src/kernels/dotprod/gemv_sparse_s8_dotprod.c
  src/kernels/dotprod/kernels_dotprod.c)

set(PN_KERNEL_AVX2_PROCESSORS x86_64)
set(PN_KERNEL_AVX2_FLAGS -mavx2)
set(PN_KERNEL_AVX2_SOURCES
  src/kernels/avx2/activation_avx2.c
  src/kernels/avx2/gemv_s8_avx2.c
  src/kernels/avx2/gemv_s8_s16_avx2.c
  src/kernels/avx2/gemv_sparse_s8_avx2.c
  src/kernels/avx2/gru_update_avx2.c
  src/kernels/avx2/kernels_avx2.c
  src/kernels/avx2/requantise_avx2.c)

set(PN_KERNEL_AVX512VNNI_PROCESSORS x86_64)
set(PN_KERNEL_AVX512VNNI_FLAGS -mavx2 -mavx512f -mavx512bw -mavx512vl -mavx512vnni)
set(PN_KERNEL_AVX512VNNI_SOURCES
  src/kernels/avx512vnni/gemv_s8_avx512vnni.c
  src/kernels/avx512vnni/kernels_avx512vnni.c)
