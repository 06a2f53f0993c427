/* Inference of seeded_mlp with its weights in flash: the probabilities of a row of halves sum to 1
 * and differ. */
#include "mlp.h"

static unsigned char work[MLP_INFER_BYTES] __attribute__((aligned(8)));

int main(void)
{
    static float x[32];
    static struct mlp model;
    struct mlp_outputs out;
    float sum = 0.0f, least = 1.0f, most = 0.0f;
    for (int i = 0; i < 32; i++)
        x[i] = 0.5f;
    if (mlp_init_inference(&model, mlp_weights, work, sizeof work) != MLP_OK ||
        mlp_infer(&model, 1, x, &out) != MLP_OK)
        return 1;
    for (int i = 0; i < 10; i++) {
        sum += out.probs[i];
        least = out.probs[i] < least ? out.probs[i] : least;
        most = out.probs[i] > most ? out.probs[i] : most;
    }
    return !(sum > 0.999f && sum < 1.001f && most > least);
}
