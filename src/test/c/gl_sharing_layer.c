// A layer between an OpenCL program and its loader (OPENCL_LAYERS=this.so) that emulates cl_khr_gl_sharing for buffers
// on any device, and reports misuse. No CPU driver has the extension; with this layer the tests run all of its calls.
//
// A "shared" buffer is a plain OpenCL buffer beside OpenGL's. Acquire copies OpenGL's content to it, release copies it
// back: a program that forgets either sees old content. Every use of it outside the two is refused and reported on
// stderr, as are a wrong thread and a wrong context. The layer is not thread-safe.
//
// GL_SHARING_FAULT makes it fail as real drivers have failed: `refuse` (no context with OpenGL's properties),
// `abort` (clCreateFromGLBuffer ends the process), `hang` (it never returns), `lose` (release copies nothing).
#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl_layer.h>
#include <CL/cl_gl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char EXTENSION[] = "cl_khr_gl_sharing";

static struct _cl_icd_dispatch next;  // the loader's functions
static struct _cl_icd_dispatch own;   // the same, with this file's functions in place

static int fault_is(const char *kind) {
  const char *fault = getenv("GL_SHARING_FAULT");
  return fault && !strcmp(fault, kind);
}

// Reports what is wrong with `call`, and returns the error code that a strict driver would return.
static cl_int misuse(const char *call, const char *what, cl_int code) {
  fprintf(stderr, "gl-sharing misuse: %s: %s\n", call, what);
  return code;
}

// ---- OpenGL -------------------------------------------------------------------------------------------------------

enum { GL_COPY_READ_BUFFER = 0x8F36, GL_COPY_READ_BUFFER_BINDING = 0x8F36, GL_BUFFER_SIZE = 0x8764 };

typedef void *(*pointer_function)(void);
typedef void *(*address_function)(const char *);
typedef void (*gl_get_integer)(unsigned, int *);
typedef void (*gl_bind_buffer)(unsigned, unsigned);
typedef unsigned char (*gl_is_buffer)(unsigned);
typedef void (*gl_get_buffer_parameter)(unsigned, unsigned, long long *);
typedef void (*gl_get_buffer_data)(unsigned, long, long, void *);
typedef void (*gl_put_buffer_data)(unsigned, long, long, const void *);

// A function of a library, if the process has loaded that library.
static void *loaded(const char *library, const char *function) {
  void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
  return handle ? dlsym(handle, function) : NULL;
}

// The OpenGL context that is current on this thread, of GLX or of EGL; NULL when there is none.
static void *current_gl(void) {
  pointer_function glx = (pointer_function)loaded("libGLX.so.0", "glXGetCurrentContext");
  pointer_function egl = (pointer_function)loaded("libEGL.so.1", "eglGetCurrentContext");
  void *context = glx ? glx() : NULL;
  return context || !egl ? context : egl();
}

// A function of OpenGL; those of glvnd go to the current context, whoever made it.
static void *gl_function(const char *name) {
  address_function find = (address_function)loaded("libGLX.so.0", "glXGetProcAddress");
  if (!find) find = (address_function)loaded("libEGL.so.1", "eglGetProcAddress");
  return find ? find(name) : NULL;
}

// Binds a buffer to a target that the program does not use, and returns what was bound there.
static int gl_bind(unsigned buffer) {
  int before = 0;
  ((gl_get_integer)gl_function("glGetIntegerv"))(GL_COPY_READ_BUFFER_BINDING, &before);
  ((gl_bind_buffer)gl_function("glBindBuffer"))(GL_COPY_READ_BUFFER, buffer);
  return before;
}

// Bytes of a buffer's storage; 0 when there is no such buffer.
static size_t gl_size(unsigned buffer) {
  long long size = 0;
  if (!((gl_is_buffer)gl_function("glIsBuffer"))(buffer)) return 0;
  int before = gl_bind(buffer);
  gl_get_buffer_parameter get = (gl_get_buffer_parameter)gl_function("glGetBufferParameteri64v");
  get(GL_COPY_READ_BUFFER, GL_BUFFER_SIZE, &size);
  gl_bind((unsigned)before);
  return (size_t)size;
}

static void gl_read(unsigned buffer, size_t bytes, void *to) {
  int before = gl_bind(buffer);
  ((gl_get_buffer_data)gl_function("glGetBufferSubData"))(GL_COPY_READ_BUFFER, 0, (long)bytes, to);
  gl_bind((unsigned)before);
}

static void gl_write(unsigned buffer, size_t bytes, const void *from) {
  int before = gl_bind(buffer);
  ((gl_put_buffer_data)gl_function("glBufferSubData"))(GL_COPY_READ_BUFFER, 0, (long)bytes, from);
  gl_bind((unsigned)before);
}

// ---- tracked objects ----------------------------------------------------------------------------------------------

typedef struct sharing_context {  // an OpenCL context that was made with an OpenGL one
  cl_context context;
  void *gl;
  struct sharing_context *after;
} sharing_context;

typedef struct shared_buffer {
  cl_mem memory;
  cl_context context;
  unsigned gl_buffer;
  size_t bytes;
  int acquired;
  struct shared_buffer *after;
} shared_buffer;

typedef struct buffer_argument {  // of a kernel
  cl_kernel kernel;
  cl_uint index;
  cl_mem memory;
  struct buffer_argument *after;
} buffer_argument;

static sharing_context *contexts;
static shared_buffer *buffers;
static buffer_argument *arguments;

static sharing_context *find_context(cl_context context) {
  sharing_context *c = contexts;
  while (c && c->context != context) c = c->after;
  return c;
}

static shared_buffer *find_buffer(cl_mem memory) {
  shared_buffer *b = buffers;
  while (b && b->memory != memory) b = b->after;
  return b;
}

// Whether `call` may use the memory: any but a shared buffer that is not acquired.
static cl_int check_use(const char *call, cl_mem memory) {
  shared_buffer *buffer = find_buffer(memory);
  if (!buffer || buffer->acquired) return CL_SUCCESS;
  return misuse(call, "uses a shared buffer that is not acquired", CL_INVALID_MEM_OBJECT);
}

// ---- the extension's name -----------------------------------------------------------------------------------------

// Returns a driver's list of extensions with one more.
static cl_int with_extension(const char *list, size_t size, void *value, size_t *size_returned) {
  size_t needed = strlen(list) + 1 + sizeof EXTENSION;
  if (size_returned) *size_returned = needed;
  if (value && size < needed) return CL_INVALID_VALUE;
  if (value) snprintf(value, size, "%s %s", list, EXTENSION);
  return CL_SUCCESS;
}

static cl_int CL_API_CALL get_platform_info(cl_platform_id platform, cl_platform_info name, size_t size, void *value,
                                            size_t *size_returned) {
  char list[16384] = "";
  if (name != CL_PLATFORM_EXTENSIONS) return next.clGetPlatformInfo(platform, name, size, value, size_returned);
  cl_int status = next.clGetPlatformInfo(platform, name, sizeof list, list, NULL);
  return status ? status : with_extension(list, size, value, size_returned);
}

static cl_int CL_API_CALL get_device_info(cl_device_id device, cl_device_info name, size_t size, void *value,
                                          size_t *size_returned) {
  char list[16384] = "";
  if (name != CL_DEVICE_EXTENSIONS) return next.clGetDeviceInfo(device, name, size, value, size_returned);
  cl_int status = next.clGetDeviceInfo(device, name, sizeof list, list, NULL);
  return status ? status : with_extension(list, size, value, size_returned);
}

// ---- contexts -----------------------------------------------------------------------------------------------------

typedef void(CL_CALLBACK *context_callback)(const char *, const void *, size_t, void *);

// Removes OpenGL's properties, which the driver does not know.
static cl_context CL_API_CALL create_context(const cl_context_properties *properties, cl_uint device_count,
                                             const cl_device_id *devices, context_callback callback, void *user,
                                             cl_int *status) {
  cl_context_properties plain[64] = {0};
  void *gl = NULL, *display = NULL;
  int count = 0;
  for (const cl_context_properties *p = properties; p && *p && count < 60; p += 2) {
    if (p[0] == CL_GL_CONTEXT_KHR) {
      gl = (void *)p[1];
    } else if (p[0] == CL_GLX_DISPLAY_KHR || p[0] == CL_EGL_DISPLAY_KHR) {
      display = (void *)p[1];
    } else {
      plain[count++] = p[0];
      plain[count++] = p[1];
    }
  }
  cl_int refused = CL_SUCCESS;
  if (gl && fault_is("refuse")) {
    refused = CL_INVALID_GL_SHAREGROUP_REFERENCE_KHR;
  } else if (gl && (!display || gl != current_gl())) {
    refused = misuse("clCreateContext", "OpenGL's context is not current, or its display is missing",
                     CL_INVALID_GL_SHAREGROUP_REFERENCE_KHR);
  }
  if (refused) {
    if (status) *status = refused;
    return NULL;
  }
  cl_context context = next.clCreateContext(plain, device_count, devices, callback, user, status);
  if (context && gl) {
    sharing_context *c = calloc(1, sizeof *c);
    *c = (sharing_context){context, gl, contexts};
    contexts = c;
  }
  return context;
}

static cl_int CL_API_CALL release_context(cl_context context) {
  cl_uint references = 0;
  next.clGetContextInfo(context, CL_CONTEXT_REFERENCE_COUNT, sizeof references, &references, NULL);
  for (sharing_context **c = &contexts; references == 1 && *c; c = &(*c)->after) {
    if ((*c)->context == context) {
      sharing_context *gone = *c;
      *c = gone->after;
      free(gone);
      break;
    }
  }
  return next.clReleaseContext(context);
}

// ---- shared buffers -----------------------------------------------------------------------------------------------

// Whether the OpenGL context that the OpenCL context was created with is current on this thread.
static cl_int check_thread(const char *call, const sharing_context *context, cl_int code) {
  void *gl = current_gl();
  if (gl == context->gl) return CL_SUCCESS;
  return misuse(call, gl ? "another OpenGL context is current" : "no OpenGL context is current on this thread", code);
}

static cl_mem CL_API_CALL create_from_gl_buffer(cl_context context, cl_mem_flags flags, cl_GLuint gl_buffer,
                                                cl_int *status) {
  static const char call[] = "clCreateFromGLBuffer";
  cl_int result = CL_SUCCESS;
  size_t bytes = 0;
  cl_mem memory = NULL;
  if (fault_is("abort")) abort();
  while (fault_is("hang")) sleep(1);
  sharing_context *c = find_context(context);
  if (!c) {
    result = misuse(call, "the OpenCL context was made without OpenGL's properties", CL_INVALID_CONTEXT);
  } else if (!(result = check_thread(call, c, CL_INVALID_GL_OBJECT)) && !(bytes = gl_size(gl_buffer))) {
    result = misuse(call, "no OpenGL buffer with storage has this name", CL_INVALID_GL_OBJECT);
  }
  if (!result) memory = next.clCreateBuffer(context, flags, bytes, NULL, &result);
  if (memory) {
    shared_buffer *b = calloc(1, sizeof *b);
    *b = (shared_buffer){memory, context, gl_buffer, bytes, 0, buffers};
    buffers = b;
  }
  if (status) *status = result;
  return memory;
}

static cl_int CL_API_CALL release_mem_object(cl_mem memory) {
  cl_uint references = 0;
  next.clGetMemObjectInfo(memory, CL_MEM_REFERENCE_COUNT, sizeof references, &references, NULL);
  for (shared_buffer **b = &buffers; references == 1 && *b; b = &(*b)->after) {
    if ((*b)->memory == memory) {
      shared_buffer *gone = *b;
      if (gone->acquired) misuse("clReleaseMemObject", "the shared buffer is still acquired", CL_INVALID_OPERATION);
      *b = gone->after;
      free(gone);
      break;
    }
  }
  return next.clReleaseMemObject(memory);
}

// Acquires or releases one buffer, copying its content.
static cl_int hand_over(const char *call, cl_command_queue queue, cl_context context, cl_mem memory, int acquire) {
  shared_buffer *b = find_buffer(memory);
  if (!b) return misuse(call, "not a shared buffer", CL_INVALID_GL_OBJECT);
  if (b->context != context) return misuse(call, "the queue belongs to another OpenCL context", CL_INVALID_CONTEXT);
  if (b->acquired == acquire) {
    const char *what = acquire ? "the buffer is acquired already" : "the buffer is not acquired";
    return misuse(call, what, CL_INVALID_GL_OBJECT);
  }
  void *content = malloc(b->bytes);
  cl_int status;
  if (acquire) {
    gl_read(b->gl_buffer, b->bytes, content);
    status = next.clEnqueueWriteBuffer(queue, memory, CL_TRUE, 0, b->bytes, content, 0, NULL, NULL);
  } else {
    status = next.clEnqueueReadBuffer(queue, memory, CL_TRUE, 0, b->bytes, content, 0, NULL, NULL);
    if (!status && !fault_is("lose")) gl_write(b->gl_buffer, b->bytes, content);
  }
  free(content);
  if (!status) b->acquired = acquire;
  return status;
}

static cl_int hand_all_over(const char *call, cl_command_queue queue, cl_uint count, const cl_mem *memories,
                            cl_uint wait_count, const cl_event *waits, cl_event *event, int acquire) {
  cl_context context = NULL;
  cl_int status = next.clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof context, &context, NULL);
  sharing_context *c = find_context(context);
  if (!status && !c) {
    status = misuse(call, "the queue's OpenCL context was made without OpenGL's properties", CL_INVALID_CONTEXT);
  }
  if (!status) status = check_thread(call, c, CL_INVALID_GL_OBJECT);
  if (!status && wait_count) status = next.clWaitForEvents(wait_count, waits);
  for (cl_uint i = 0; !status && i < count; i++) status = hand_over(call, queue, context, memories[i], acquire);
  return !status && event ? next.clEnqueueMarker(queue, event) : status;
}

static cl_int CL_API_CALL acquire_objects(cl_command_queue queue, cl_uint count, const cl_mem *memories,
                                          cl_uint wait_count, const cl_event *waits, cl_event *event) {
  return hand_all_over("clEnqueueAcquireGLObjects", queue, count, memories, wait_count, waits, event, 1);
}

static cl_int CL_API_CALL release_objects(cl_command_queue queue, cl_uint count, const cl_mem *memories,
                                          cl_uint wait_count, const cl_event *waits, cl_event *event) {
  return hand_all_over("clEnqueueReleaseGLObjects", queue, count, memories, wait_count, waits, event, 0);
}

// ---- uses ---------------------------------------------------------------------------------------------------------

// Forgets a kernel's arguments: another may get the same address.
static void forget_arguments(cl_kernel kernel) {
  for (buffer_argument *a = arguments; a; a = a->after) {
    if (a->kernel == kernel) a->memory = NULL;
  }
}

static cl_kernel CL_API_CALL create_kernel(cl_program program, const char *name, cl_int *status) {
  cl_kernel kernel = next.clCreateKernel(program, name, status);
  forget_arguments(kernel);
  return kernel;
}

static cl_int CL_API_CALL set_kernel_arg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  cl_mem memory = NULL;
  if (value && size == sizeof memory) memcpy(&memory, value, size);
  if (!find_buffer(memory)) memory = NULL;  // a plain buffer, or a number of 8 bytes
  buffer_argument *a = arguments;
  while (a && (a->kernel != kernel || a->index != index)) a = a->after;
  if (!a && memory) {
    a = calloc(1, sizeof *a);
    *a = (buffer_argument){kernel, index, NULL, arguments};
    arguments = a;
  }
  if (a) a->memory = memory;
  return next.clSetKernelArg(kernel, index, size, value);
}

static cl_int CL_API_CALL enqueue_kernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                                         const size_t *offset, const size_t *global, const size_t *local,
                                         cl_uint wait_count, const cl_event *waits, cl_event *event) {
  for (buffer_argument *a = arguments; a; a = a->after) {
    cl_int status = a->kernel == kernel && a->memory ? check_use("clEnqueueNDRangeKernel", a->memory) : CL_SUCCESS;
    if (status) return status;
  }
  return next.clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, wait_count, waits, event);
}

static cl_int CL_API_CALL enqueue_read(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset,
                                       size_t bytes, void *to, cl_uint wait_count, const cl_event *waits,
                                       cl_event *event) {
  cl_int status = check_use("clEnqueueReadBuffer", memory);
  if (status) return status;
  return next.clEnqueueReadBuffer(queue, memory, blocking, offset, bytes, to, wait_count, waits, event);
}

static cl_int CL_API_CALL enqueue_write(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset,
                                        size_t bytes, const void *from, cl_uint wait_count, const cl_event *waits,
                                        cl_event *event) {
  cl_int status = check_use("clEnqueueWriteBuffer", memory);
  if (status) return status;
  return next.clEnqueueWriteBuffer(queue, memory, blocking, offset, bytes, from, wait_count, waits, event);
}

static cl_int CL_API_CALL enqueue_copy(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset,
                                       size_t to_offset, size_t bytes, cl_uint wait_count, const cl_event *waits,
                                       cl_event *event) {
  cl_int status = check_use("clEnqueueCopyBuffer", from);
  if (!status) status = check_use("clEnqueueCopyBuffer", to);
  if (status) return status;
  return next.clEnqueueCopyBuffer(queue, from, to, from_offset, to_offset, bytes, wait_count, waits, event);
}

// ---- entry point --------------------------------------------------------------------------------------------------

static cl_int give(const void *from, size_t needed, size_t size, void *value, size_t *size_returned) {
  if (size_returned) *size_returned = needed;
  if (value && size < needed) return CL_INVALID_VALUE;
  if (value) memcpy(value, from, needed);
  return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info name, size_t size, void *value, size_t *size_returned) {
  static const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
  if (name == CL_LAYER_API_VERSION) return give(&version, sizeof version, size, value, size_returned);
#ifdef CL_LAYER_NAME  // not in older headers
  static const char NAME[] = "iadb-gl-sharing";
  if (name == CL_LAYER_NAME) return give(NAME, sizeof NAME, size, value, size_returned);
#endif
  return CL_INVALID_VALUE;
}

CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint entries, const struct _cl_icd_dispatch *target,
                                            cl_uint *entries_returned, const struct _cl_icd_dispatch **returned) {
  size_t bytes = entries * sizeof(void *) < sizeof next ? entries * sizeof(void *) : sizeof next;
  if (!target || !entries_returned || !returned) return CL_INVALID_VALUE;
  memcpy(&next, target, bytes);
  own = next;
  own.clGetPlatformInfo = get_platform_info;
  own.clGetDeviceInfo = get_device_info;
  own.clCreateContext = create_context;
  own.clReleaseContext = release_context;
  own.clCreateFromGLBuffer = create_from_gl_buffer;
  own.clReleaseMemObject = release_mem_object;
  own.clEnqueueAcquireGLObjects = acquire_objects;
  own.clEnqueueReleaseGLObjects = release_objects;
  own.clCreateKernel = create_kernel;
  own.clSetKernelArg = set_kernel_arg;
  own.clEnqueueNDRangeKernel = enqueue_kernel;
  own.clEnqueueReadBuffer = enqueue_read;
  own.clEnqueueWriteBuffer = enqueue_write;
  own.clEnqueueCopyBuffer = enqueue_copy;
  *entries_returned = (cl_uint)(bytes / sizeof(void *));
  *returned = &own;
  return CL_SUCCESS;
}
