// Plan "fused": forward and backward pass of a tile of rows in one launch, followed by the launch `update` (adam.cl).

// d_blocks [blocks][PARAMETERS] and block_loss [blocks] of the batch of `step`.
// NDRange: any number of groups of GROUP_SIZE; groups stride over the blocks. Barriers, flops, bytes: gradient.cl.
GROUP void fused_gradient(global const float2 *data0, uint points0, global const float2 *data1, uint points1,
                          uint seed_low, uint seed_high, int batch, int blocks, int block_tiles,
                          global const float *parameters, global const float *transposed, global float *d_blocks,
                          global float *block_loss, uint step) {
  DECLARE_TILE(tile);
  int item = get_local_id(0), group = get_group_id(0);
  data_sets from = {data0, points0, data1, points1, seed_low, seed_high};
  first_rows(item, group, from, step, block_tiles, &tile);
  block_gradients(item, group, get_num_groups(0), from, step, batch, blocks, block_tiles, parameters, transposed, d_blocks,
                  block_loss, &tile);
}
