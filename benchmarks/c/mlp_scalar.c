/* A perceptron 2-H-1 as one writes it first: one trajectory after the other, the library's tanh. */
#include <math.h>
#include <string.h>

#define D (4 * H + 1)

static void step(double *p, const double *x, const double *y, double rate) {
    const double *in = p, *bias = p + 2 * H, *out = p + 3 * H;
    double slope[D], hidden[H];
    memset(slope, 0, sizeof slope);
    for (int s = 0; s < SAMPLES; s++) {
        double e = p[4 * H];
        for (int j = 0; j < H; j++) {
            const double z = in[2 * j] * x[2 * s] + in[2 * j + 1] * x[2 * s + 1] + bias[j];
#ifdef TANH
            hidden[j] = tanh(z);
#else
            hidden[j] = z > 0.0 ? z : 0.0;
#endif
            e += out[j] * hidden[j];
        }
        e -= y[s];
        for (int j = 0; j < H; j++) {
#ifdef TANH
            const double inner = e * out[j] * (1.0 - hidden[j] * hidden[j]);
#else
            const double inner = hidden[j] > 0.0 ? e * out[j] : 0.0;
#endif
            slope[2 * j] += inner * x[2 * s];
            slope[2 * j + 1] += inner * x[2 * s + 1];
            slope[2 * H + j] += inner;
            slope[3 * H + j] += e * hidden[j];
        }
        slope[4 * H] += e;
    }
    for (int i = 0; i < D; i++) p[i] -= rate * slope[i];
}

/* states: D columns of n numbers, changed in place */
void run(long n, double *states, long steps, const double *x, const double *y, double eta) {
    for (long k = 0; k < n; k++) {
        double p[D];
        for (int i = 0; i < D; i++) p[i] = states[i * n + k];
        for (long t = 0; t < steps; t++) step(p, x, y, eta / SAMPLES);
        for (int i = 0; i < D; i++) states[i * n + k] = p[i];
    }
}
