/* Exponential and what hangs on it, for a register of doubles.
 *
 * exp z = 2^(n/16) exp r with n = round(16 z / log 2) and |r| <= log(2)/32: sixteen powers of two
 * live in two registers, and a polynomial of degree 6 (minimax, relative error 7e-18) does the rest;
 * exp r - 1 has one of degree 7, whose error is small relative to r as well.
 * Without a permutation of sixteen entries (AVX2, plain C): 2^n exp r, degree 11, error 3e-18.
 * Arguments are clamped first: results stay normal numbers, and never wrap round. */
#ifndef EXP_H
#define EXP_H
#include "simd.h"

#define SHIFTER 6755399441055744.0 /* 1.5 * 2^52: adding it rounds to a whole number */

#if W == 8
/* the smaller magnitude of z and the limit, with the sign of z */
INLINE vec v_clamp(vec z, double limit) { return _mm512_range_pd(z, v_set(limit), 2); }

#define LOG2_HIGH 0.04332169878499658
#define LOG2_LOW 1.4494042586539372e-18
static const double EXP_TABLE[16] = { /* 2^(j/16) */
    1.0, 1.0442737824274138, 1.0905077326652577, 1.1387886347566916, 1.189207115002721,
    1.241857812073484, 1.2968395546510096, 1.3542555469368927, 1.4142135623730951,
    1.4768261459394993, 1.5422108254079407, 1.6104903319492543, 1.681792830507429,
    1.7562521603732995, 1.8340080864093424, 1.9152065613971474};

static const double EXP_LOST[16] = { /* log(2^(j/16) / EXP_TABLE[j]) */
    0.0, 8.189317638195514e-17, -2.7939114859515733e-17, 7.826573258636076e-17,
    3.3484623336251524e-17, 3.750854201303127e-17, 1.9572585293112036e-17, 5.68648095791174e-17,
    -6.835808657661923e-17, -2.3591094770850053e-17, 5.1548301170786783e-17,
    1.5341410053603723e-17, 4.875160526227062e-17, 1.685487290628973e-17, 1.790126907604513e-17,
    -5.5450656186394274e-17};

/* Split exp z into a power of two with its sixteenth root, and the small rest r. */
INLINE vec exp_split(vec z, vec *scale, vec *lost) {
    const vec t = v_fma(z, v_set(23.083120654223414), v_set(SHIFTER));
    const vec n = v_sub(t, v_set(SHIFTER));
    vec r = v_fnma(n, v_set(LOG2_HIGH), z);
    r = v_fnma(n, v_set(LOG2_LOW), r);
    const __m512i bits = _mm512_castpd_si512(t);
    /* The low four bits of n choose the root. Shifted into place with the exponent, they would be
       added to the mantissa: the table is made without them. */
    const __m512i j = _mm512_slli_epi64(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), 48);
    const __m512i k = _mm512_slli_epi64(_mm512_set_epi64(15, 14, 13, 12, 11, 10, 9, 8), 48);
    const __m512i low = _mm512_sub_epi64(_mm512_loadu_si512(EXP_TABLE), j);
    const __m512i high = _mm512_sub_epi64(_mm512_loadu_si512(EXP_TABLE + 8), k);
    const __m512i root = _mm512_permutex2var_epi64(low, bits, high);
    *scale = _mm512_castsi512_pd(_mm512_add_epi64(root, _mm512_slli_epi64(bits, 48)));
    *lost = _mm512_permutex2var_pd(_mm512_loadu_pd(EXP_LOST), bits, _mm512_loadu_pd(EXP_LOST + 8));
    return r;
}
/* What rounding took from the root matters where exp z - 1 cancels. */
INLINE vec exp_restored(vec r, vec lost) { return v_add(r, lost); }

/* exp r and exp r - 1 for the small rest */
INLINE vec exp_rest(vec r) {
    vec p = v_fma(v_set(0.0013888685204985218), r, v_set(0.008333496529276176));
    p = v_fma(p, r, v_set(0.04166666669056287));
    p = v_fma(p, r, v_set(0.16666666662843474));
    p = v_fma(p, r, v_set(0.4999999999999952));
    p = v_fma(p, r, v_set(1.0000000000000022));
    return v_fma(p, r, v_set(1.0));
}
INLINE vec expm1_rest(vec r) {
    vec p = v_fma(v_set(0.00019841554039499537), r, v_set(0.001388909256171065));
    p = v_fma(p, r, v_set(0.008333333332416358));
    p = v_fma(p, r, v_set(0.041666666661887335));
    p = v_fma(p, r, v_set(0.16666666666666677));
    p = v_fma(p, r, v_set(0.5000000000000003));
    return v_fma(v_mul(r, r), p, r);
}

/* 1/a for a normal a, by two Newton steps from 14 bits: free ports, where division has a queue. */
INLINE vec v_reciprocal(vec a) {
    vec r = _mm512_rcp14_pd(a);
    r = v_fma(r, v_fnma(a, r, v_set(1.0)), r);
    return v_fma(r, v_fnma(a, r, v_set(1.0)), r);
}
#else
INLINE vec v_clamp(vec z, double limit) { return v_max(v_set(-limit), v_min(v_set(limit), z)); }

#define LOG2_HIGH 0.693147180369123816490 /* short, so that n LOG2_HIGH is exact without FMA */
#define LOG2_LOW 1.90821492927058770002e-10
INLINE vec v_reciprocal(vec a) { return v_div(v_set(1.0), a); }

INLINE vec exp_restored(vec r, vec lost) { (void)lost; return r; }
INLINE vec exp_split(vec z, vec *scale, vec *lost) {
    *lost = v_set(0.0);
    const vec t = v_fma(z, v_set(1.4426950408889634), v_set(SHIFTER));
    const vec n = v_sub(t, v_set(SHIFTER));
#if W == 4
    const __m256i power = _mm256_slli_epi64(_mm256_castpd_si256(t), 52);
    *scale = _mm256_castsi256_pd(_mm256_add_epi64(power, _mm256_set1_epi64x(0x3ff0000000000000)));
#else
    uint64_t bits;
    memcpy(&bits, &t, 8);
    bits = (bits << 52) + 0x3ff0000000000000ull;
    memcpy(scale, &bits, 8);
#endif
    return v_fnma(n, v_set(LOG2_LOW), v_fnma(n, v_set(LOG2_HIGH), z));
}
INLINE vec exp_bend(vec r) { /* (exp r - 1 - r) / r^2 */
    vec p = v_fma(v_set(2.4994293345730463e-08), r, v_set(2.7632308224452543e-07));
    p = v_fma(p, r, v_set(2.7557622652024487e-06));
    p = v_fma(p, r, v_set(2.48014864812835e-05));
    p = v_fma(p, r, v_set(0.00019841269432434438));
    p = v_fma(p, r, v_set(0.0013888888951261204));
    p = v_fma(p, r, v_set(0.008333333333559451));
    p = v_fma(p, r, v_set(0.04166666666649263));
    p = v_fma(p, r, v_set(0.1666666666666617));
    return v_fma(p, r, v_set(0.5000000000000018));
}
INLINE vec expm1_rest(vec r) { return v_fma(v_mul(r, r), exp_bend(r), r); }
INLINE vec exp_rest(vec r) { return v_add(v_set(1.0), expm1_rest(r)); }
#endif

/* 1 + exp z */
INLINE vec v_one_plus_exp(vec z) {
    vec scale, lost;
    const vec r = exp_split(v_clamp(z, 708.0), &scale, &lost);
    return v_fma(scale, exp_rest(r), v_set(1.0));
}

/* tanh z = u / (u + 2) with u = exp 2z - 1: accurate to the last digits near zero as well */
INLINE vec v_tanh(vec z) {
    vec scale, lost;
    const vec rest = exp_split(v_clamp(v_add(z, z), 40.0), &scale, &lost);
    const vec r = exp_restored(rest, lost);
    const vec u = v_fma(scale, expm1_rest(r), v_sub(scale, v_set(1.0)));
    return v_mul(u, v_reciprocal(v_add(u, v_set(2.0))));
}

#endif
