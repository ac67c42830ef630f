/* What one writes first: one trajectory after the other, plain C, the library's exp.
 * Compiled for one loss and dimension, as lanes.c is. */
#include <math.h>
#include <stdint.h>

#define PRODUCT 1
#define SOFTPLUS 2

enum { FAR = 1, STILL = 2, TIME = 3 };

static inline void step(const double *x, double *image, double eta) {
#if MAP == PRODUCT
    double right[D + 1];
    right[D] = 1.0;
    for (int i = D - 1; i >= 0; i--) right[i] = x[i] * right[i + 1];
    double left = eta * (right[0] - 1.0);
    for (int i = 0; i < D; i++) {
        image[i] = x[i] - left * right[i + 1];
        left *= x[i];
    }
#elif MAP == SOFTPLUS
    const double s = 1.0 / (1.0 + exp(x[0] * x[1]));
    image[0] = x[0] - eta * (0.2 * x[0] - s * x[1]);
    image[1] = x[1] - eta * (0.2 * x[1] - s * x[0]);
#endif
}

int run(long n, const double *starts, double eta, long most, double far, double still,
        int8_t *status, int32_t *steps) {
    for (long k = 0; k < n; k++) {
        double x[D], image[D];
        for (int i = 0; i < D; i++) x[i] = starts[i * n + k];
        status[k] = TIME;
        steps[k] = (int32_t)most;
        for (long t = 1; t <= most; t++) {
            step(x, image, eta);
            double square = 0.0, moved = 0.0;
            for (int i = 0; i < D; i++) {
                square += image[i] * image[i];
                moved += (image[i] - x[i]) * (image[i] - x[i]);
                x[i] = image[i];
            }
            const int is_far = !(square <= far);
            if (is_far || moved <= still * (1.0 + square)) {
                status[k] = is_far ? FAR : STILL;
                steps[k] = (int32_t)t;
                break;
            }
        }
    }
    return 0;
}
