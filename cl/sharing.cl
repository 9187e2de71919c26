// The trial of memory that OpenCL shares with OpenGL. Java: iadb.view.SharingProof.

// words[i] = words[i] * 31 + i for i in [0, count): every bit that arrives has been through OpenGL's memory and back.
// NDRange: any; work-items stride over the words. No barriers. 8 bytes a word.
kernel void change_words(global uint *words, int count) {
  for (int i = get_global_id(0); i < count; i += get_global_size(0)) {
    words[i] = words[i] * 31 + i;
  }
}
