/* Deep linear networks as one writes them first: one trajectory after the other, plain loops. */
#include <string.h>

#define SIZE (M * M)

static void product(double *c, const double *a, const double *b) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) {
            double sum = 0.0;
            for (int k = 0; k < M; k++) sum += a[i * M + k] * b[k * M + j];
            c[i * M + j] = sum;
        }
}

static void product_transposed_left(double *c, const double *a, const double *b) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) {
            double sum = 0.0;
            for (int k = 0; k < M; k++) sum += a[k * M + i] * b[k * M + j];
            c[i * M + j] = sum;
        }
}

static void descend(double *w, const double *a, const double *b, double eta) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) {
            double sum = 0.0;
            for (int k = 0; k < M; k++) sum += a[i * M + k] * b[j * M + k];
            w[i * M + j] -= eta * sum;
        }
}

static void step(double *w, const double *second, const double *cross, double eta) {
    double partial[DEPTH][SIZE], back[SIZE], next[SIZE];
    memcpy(partial[0], w, sizeof back);
    for (int i = 1; i < DEPTH; i++) product(partial[i], w + i * SIZE, partial[i - 1]);
    product(back, partial[DEPTH - 1], second);
    for (int k = 0; k < SIZE; k++) back[k] -= cross[k];
    for (int i = DEPTH - 1; i > 0; i--) {
        product_transposed_left(next, w + i * SIZE, back);
        descend(w + i * SIZE, back, partial[i - 1], eta);
        memcpy(back, next, sizeof back);
    }
    for (int k = 0; k < SIZE; k++) w[k] -= eta * back[k];
}

/* states: DEPTH * SIZE columns of n numbers, changed in place */
void run(long n, double *states, long steps, const double *second, const double *cross, double eta) {
    for (long k = 0; k < n; k++) {
        double w[DEPTH * SIZE];
        for (int i = 0; i < DEPTH * SIZE; i++) w[i] = states[i * n + k];
        for (long t = 0; t < steps; t++) step(w, second, cross, eta);
        for (int i = 0; i < DEPTH * SIZE; i++) states[i * n + k] = w[i];
    }
}
