/* One register of doubles, whatever the processor offers: 8 (AVX-512), 4 (AVX2 + FMA), 1 (plain C).
 *
 * A mask is an unsigned integer whose bit k belongs to entry k. Comparisons are written so that NaN
 * falls on the side their name says. */
#ifndef SIMD_H
#define SIMD_H
#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
typedef unsigned mask;

#if defined(__AVX512F__) && defined(__AVX512DQ__) && !defined(NO_AVX512)
#include <immintrin.h>
#define W 8
#define REGISTERS 32
typedef __m512d vec;
INLINE vec v_set(double a) { return _mm512_set1_pd(a); }
INLINE vec v_load(const double *p) { return _mm512_loadu_pd(p); }
INLINE void v_store(double *p, vec a) { _mm512_storeu_pd(p, a); }
INLINE vec v_add(vec a, vec b) { return _mm512_add_pd(a, b); }
INLINE vec v_sub(vec a, vec b) { return _mm512_sub_pd(a, b); }
INLINE vec v_mul(vec a, vec b) { return _mm512_mul_pd(a, b); }
INLINE vec v_div(vec a, vec b) { return _mm512_div_pd(a, b); }
INLINE vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_pd(a, b, c); }   /* ab + c */
INLINE vec v_fms(vec a, vec b, vec c) { return _mm512_fmsub_pd(a, b, c); }   /* ab - c */
INLINE vec v_fnma(vec a, vec b, vec c) { return _mm512_fnmadd_pd(a, b, c); } /* c - ab */
INLINE vec v_max(vec a, vec b) { return _mm512_max_pd(a, b); }
INLINE vec v_min(vec a, vec b) { return _mm512_min_pd(a, b); }
INLINE mask v_not_le(vec a, vec b) { return _mm512_cmp_pd_mask(a, b, _CMP_NLE_UQ); }
INLINE mask v_le(vec a, vec b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
/* c + a and c + a b in the entries of the mask, c in the others */
INLINE vec v_add_if(mask m, vec a, vec c) { return _mm512_mask_add_pd(c, (__mmask8)m, a, c); }
INLINE vec v_fma_if(mask m, vec a, vec b, vec c) {
    return _mm512_mask3_fmadd_pd(a, b, c, (__mmask8)m);
}
INLINE vec v_pick(mask m, vec yes, vec no) { return _mm512_mask_mov_pd(no, (__mmask8)m, yes); }
/* write the entries of the mask next to each other; up to W entries behind them are overwritten */
INLINE void v_compress(double *p, mask m, vec a) {
    _mm512_storeu_pd(p, _mm512_maskz_compress_pd((__mmask8)m, a));
}
#elif defined(__AVX2__) && defined(__FMA__) && !defined(NO_AVX2)
#include <immintrin.h>
#define W 4
#define REGISTERS 16
typedef __m256d vec;
INLINE vec v_set(double a) { return _mm256_set1_pd(a); }
INLINE vec v_load(const double *p) { return _mm256_loadu_pd(p); }
INLINE void v_store(double *p, vec a) { _mm256_storeu_pd(p, a); }
INLINE vec v_add(vec a, vec b) { return _mm256_add_pd(a, b); }
INLINE vec v_sub(vec a, vec b) { return _mm256_sub_pd(a, b); }
INLINE vec v_mul(vec a, vec b) { return _mm256_mul_pd(a, b); }
INLINE vec v_div(vec a, vec b) { return _mm256_div_pd(a, b); }
INLINE vec v_fma(vec a, vec b, vec c) { return _mm256_fmadd_pd(a, b, c); }
INLINE vec v_fms(vec a, vec b, vec c) { return _mm256_fmsub_pd(a, b, c); }
INLINE vec v_fnma(vec a, vec b, vec c) { return _mm256_fnmadd_pd(a, b, c); }
INLINE vec v_max(vec a, vec b) { return _mm256_max_pd(a, b); }
INLINE vec v_min(vec a, vec b) { return _mm256_min_pd(a, b); }
INLINE mask v_not_le(vec a, vec b) {
    return (mask)_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_NLE_UQ));
}
INLINE mask v_le(vec a, vec b) { return (mask)_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_LE_OQ)); }
INLINE vec v_pick(mask m, vec yes, vec no) {
    const __m256i bit = _mm256_set_epi64x(8, 4, 2, 1);
    const __m256i on = _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(m), bit), bit);
    return _mm256_blendv_pd(no, yes, _mm256_castsi256_pd(on));
}
INLINE void v_compress(double *p, mask m, vec a) {
    double all[W];
    v_store(all, a);
    for (int k = 0; k < W; k++) {
        *p = all[k];
        p += m >> k & 1;
    }
}
#else
#define W 1
#define REGISTERS 16
typedef double vec;
INLINE vec v_set(double a) { return a; }
INLINE vec v_load(const double *p) { return *p; }
INLINE void v_store(double *p, vec a) { *p = a; }
INLINE vec v_add(vec a, vec b) { return a + b; }
INLINE vec v_sub(vec a, vec b) { return a - b; }
INLINE vec v_mul(vec a, vec b) { return a * b; }
INLINE vec v_div(vec a, vec b) { return a / b; }
INLINE vec v_fma(vec a, vec b, vec c) { return a * b + c; }
INLINE vec v_fms(vec a, vec b, vec c) { return a * b - c; }
INLINE vec v_fnma(vec a, vec b, vec c) { return c - a * b; }
INLINE vec v_max(vec a, vec b) { return a > b ? a : b; }
INLINE vec v_min(vec a, vec b) { return a < b ? a : b; }
INLINE mask v_not_le(vec a, vec b) { return !(a <= b); }
INLINE mask v_le(vec a, vec b) { return a <= b; }
INLINE vec v_pick(mask m, vec yes, vec no) { return m ? yes : no; }
INLINE void v_compress(double *p, mask m, vec a) { if (m) *p = a; }
#endif

#if W < 8
INLINE vec v_add_if(mask m, vec a, vec c) { return v_pick(m, v_add(a, c), c); }
INLINE vec v_fma_if(mask m, vec a, vec b, vec c) { return v_pick(m, v_fma(a, b, c), c); }
#endif

#define ALL ((mask)((1u << W) - 1))
/* the first `count` entries */
INLINE mask v_first(long count) { return count >= W ? ALL : count <= 0 ? 0 : (mask)((1u << count) - 1); }

#endif
