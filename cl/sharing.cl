// The self-test of memory that OpenCL shares with OpenGL. Java: iadb.view.interop.SharingSelfTest.

// words[i] = words[i] * 31 + i for i in [0, count): shows that OpenCL reads what OpenGL wrote, and OpenGL what OpenCL wrote.
// NDRange: any; work-items stride over the words. No barriers. 8 bytes per word.
kernel void change_words(global uint *words, int count) {
  for (int i = get_global_id(0); i < count; i += get_global_size(0)) {
    words[i] = words[i] * 31 + i;
  }
}
