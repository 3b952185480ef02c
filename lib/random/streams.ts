/** What each family of random numbers is for: the Philox stream of it. No two uses share one. */
export const streams = {
  /** Epoch order of the training images; step = epoch. */
  order: 1,
  /** Crop, reflection and colour shift of a training image; step = training step, block by place in the batch. */
  augmentation: 2,
  /** The demo set's drawings. */
  demo: 3,
  /** Initial weights of layer i (in the graph's order): weights + i. */
  weights: 0x1000,
  /** Dropout mask of layer i: dropout + i. */
  dropout: 0x2000,
} as const;
