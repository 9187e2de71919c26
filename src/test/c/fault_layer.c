// A layer between an OpenCL program and its loader (OPENCL_LAYERS=this.so) that gives any driver the fault that OPENCL_FAULT
// names, and counts the objects that the program does not release. Faults:
//   devices=0        no platform has a device
//   build=0          no program builds
//   memory=BYTES     the device holds at most this many bytes in buffers
//   lazy-memory=BYTES  the same, but allocation fails when a buffer is first written or a kernel launched, as with some drivers
//   launch=N         the Nth launch of a kernel, counted from 1, and all after it fail
//   context=N        the Nth launch fails, and all after it in the same context: one of several devices
//   crash=N          the Nth launch succeeds but crashes on the device: waiting fails, and the queue is lost, as on GPUs
//   slow=N:S         the Nth launch, and each after it, takes S seconds
//   source=FROM=>TO  the compiler reads TO where the sources have FROM: kernels that compute wrongly
// OPENCL_SLOW names a file that is created when the first slow launch starts.
// OPENCL_LIVE names a file that gets a line in each second in which a kernel is launched, and one at the end of the process:
// seconds, then references to contexts, queues, buffers, programs, kernels and events, then bytes of buffers.
#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl_layer.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct _cl_icd_dispatch next;  // the loader's functions
static struct _cl_icd_dispatch own;   // the same, with this file's functions in place

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // guards the variables below
enum kind { CONTEXTS, QUEUES, BUFFERS, PROGRAMS, KERNELS, EVENTS, KINDS };
static long references[KINDS];
static long long buffer_bytes, launches;
static int crashed;
static cl_context failed;  // whose launches fail; NULL: none yet
static time_t started, reported;

// The text after `kind=` in OPENCL_FAULT; NULL when there is no such fault.
static const char *fault(const char *kind) {
  const char *text = getenv("OPENCL_FAULT");
  size_t length = strlen(kind);
  return text && !strncmp(text, kind, length) && text[length] == '=' ? text + length + 1 : NULL;
}

// Appends a line to the file OPENCL_LIVE, but only one per second before the last.
static void report(int last) {
  const char *file = getenv("OPENCL_LIVE");
  time_t now = time(NULL);
  if (!file || (!last && now == reported)) return;
  reported = now;
  FILE *out = fopen(file, "a");
  if (!out) return;
  fprintf(out, "%ld", (long)(now - started));
  for (int kind = 0; kind < KINDS; kind++) fprintf(out, " %ld", references[kind]);
  fprintf(out, " %lld\n", buffer_bytes);
  fclose(out);
}

// Counts `change` references to a kind of object if the call that made or released them succeeded.
static cl_int counted(enum kind kind, long change, cl_int status) {
  if (status == CL_SUCCESS) {
    pthread_mutex_lock(&lock);
    references[kind] += change;
    pthread_mutex_unlock(&lock);
  }
  return status;
}

static void *made(enum kind kind, void *object) {
  counted(kind, 1, object ? CL_SUCCESS : CL_INVALID_VALUE);
  return object;
}

static cl_int with_event(cl_event *event, cl_int status) {
  return event ? counted(EVENTS, 1, status) : status;
}

__attribute__((destructor)) static void end(void) {
  report(1);
}

// ---- what fails ---------------------------------------------------------------------------------------------------

static cl_int CL_API_CALL get_device_ids(cl_platform_id platform, cl_device_type type, cl_uint count, cl_device_id *devices,
                                         cl_uint *found) {
  if (!fault("devices")) return next.clGetDeviceIDs(platform, type, count, devices, found);
  if (found) *found = 0;
  return CL_DEVICE_NOT_FOUND;
}

typedef void(CL_CALLBACK *build_callback)(cl_program, void *);

static cl_int CL_API_CALL build_program(cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
                                        build_callback callback, void *user) {
  if (fault("build")) return CL_BUILD_PROGRAM_FAILURE;
  return next.clBuildProgram(program, count, devices, options, callback, user);
}

static size_t bytes_of(cl_mem memory) {
  size_t bytes = 0;
  next.clGetMemObjectInfo(memory, CL_MEM_SIZE, sizeof bytes, &bytes, NULL);
  return bytes;
}

static cl_mem CL_API_CALL create_buffer(cl_context context, cl_mem_flags flags, size_t bytes, void *host, cl_int *status) {
  const char *most = fault("memory");
  pthread_mutex_lock(&lock);
  int fits = !most || buffer_bytes + (long long)bytes <= atoll(most);
  if (fits) buffer_bytes += (long long)bytes;
  pthread_mutex_unlock(&lock);
  if (!fits) {
    if (status) *status = CL_MEM_OBJECT_ALLOCATION_FAILURE;
    return NULL;
  }
  cl_mem memory = made(BUFFERS, next.clCreateBuffer(context, flags, bytes, host, status));
  pthread_mutex_lock(&lock);
  if (!memory) buffer_bytes -= (long long)bytes;
  pthread_mutex_unlock(&lock);
  return memory;
}

// Whether the buffers exceed the memory of a device that allocates at first use.
static int is_overfull(void) {
  const char *most = fault("lazy-memory");
  pthread_mutex_lock(&lock);
  int overfull = most && buffer_bytes > atoll(most);
  pthread_mutex_unlock(&lock);
  return overfull;
}

static int is_lost(void) {
  pthread_mutex_lock(&lock);
  int lost = crashed;
  pthread_mutex_unlock(&lock);
  return lost;
}

static cl_int CL_API_CALL finish(cl_command_queue queue) {
  return is_lost() ? CL_OUT_OF_RESOURCES : next.clFinish(queue);
}

static cl_int CL_API_CALL wait_for_events(cl_uint count, const cl_event *events) {
  return is_lost() ? CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST : next.clWaitForEvents(count, events);
}

static cl_int CL_API_CALL enqueue_read(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t bytes,
                                       void *to, cl_uint wait_count, const cl_event *waits, cl_event *event) {
  if (is_lost()) return CL_INVALID_COMMAND_QUEUE;
  return with_event(event, next.clEnqueueReadBuffer(queue, memory, blocking, offset, bytes, to, wait_count, waits, event));
}

static cl_int CL_API_CALL enqueue_write(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t bytes,
                                        const void *from, cl_uint wait_count, const cl_event *waits, cl_event *event) {
  if (is_overfull()) return CL_MEM_OBJECT_ALLOCATION_FAILURE;
  return with_event(event, next.clEnqueueWriteBuffer(queue, memory, blocking, offset, bytes, from, wait_count, waits, event));
}

static cl_int CL_API_CALL release_buffer(cl_mem memory) {
  size_t bytes = bytes_of(memory);
  cl_int status = counted(BUFFERS, -1, next.clReleaseMemObject(memory));
  pthread_mutex_lock(&lock);
  if (!status) buffer_bytes -= (long long)bytes;  // the program under test retains no buffer
  pthread_mutex_unlock(&lock);
  return status;
}

static cl_context context_of(cl_command_queue queue) {
  cl_context context = NULL;
  next.clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof context, &context, NULL);
  return context;
}

// Waits as a slow launch does.
static void wait_slowly(unsigned seconds) {
  const char *file = getenv("OPENCL_SLOW");
  FILE *out = file ? fopen(file, "a") : NULL;
  if (out) fclose(out);
  sleep(seconds);
}

static cl_int CL_API_CALL enqueue_kernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset,
                                         const size_t *global, const size_t *local, cl_uint wait_count, const cl_event *waits,
                                         cl_event *event) {
  const char *failing = fault("launch"), *crashing = fault("crash"), *slow = fault("slow"), *of_one = fault("context");
  pthread_mutex_lock(&lock);
  long long launch = ++launches;
  report(0);
  crashed = crashing && launch >= atoll(crashing);
  if (of_one && launch == atoll(of_one)) failed = context_of(queue);
  int fails = failed && failed == context_of(queue);
  pthread_mutex_unlock(&lock);
  if (fails || is_overfull() || (failing && launch >= atoll(failing))) return CL_OUT_OF_RESOURCES;
  if (slow && launch >= atoll(slow)) wait_slowly((unsigned)atoi(strchr(slow, ':') + 1));
  return with_event(event, next.clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, wait_count, waits,
                                                       event));
}

// `text` with each FROM of the fault replaced by TO; the caller frees it.
static char *replaced(const char *text, size_t length, const char *change) {
  const char *arrow = strstr(change, "=>");
  if (!arrow) return strndup(text, length);
  char *from = strndup(change, (size_t)(arrow - change)), *rest = strndup(text, length), *here = rest, *found;
  char *result = calloc(1, 2 * length + 2 * strlen(change) + 1);
  while ((found = strstr(here, from))) {
    strncat(result, here, (size_t)(found - here));
    strcat(result, arrow + 2);
    here = found + strlen(from);
  }
  strcat(result, here);
  free(from);
  free(rest);
  return result;
}

static cl_program CL_API_CALL create_program(cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                                             cl_int *status) {
  const char *change = fault("source");
  char **changed = calloc(count, sizeof *changed);
  for (cl_uint i = 0; change && i < count; i++) {
    changed[i] = replaced(texts[i], lengths && lengths[i] ? lengths[i] : strlen(texts[i]), change);
  }
  cl_program program = change ? next.clCreateProgramWithSource(context, count, (const char **)changed, NULL, status)
                              : next.clCreateProgramWithSource(context, count, texts, lengths, status);
  for (cl_uint i = 0; i < count; i++) free(changed[i]);
  free(changed);
  return made(PROGRAMS, program);
}

// ---- what is counted ----------------------------------------------------------------------------------------------

typedef void(CL_CALLBACK *context_callback)(const char *, const void *, size_t, void *);

static cl_context CL_API_CALL create_context(const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
                                             context_callback callback, void *user, cl_int *status) {
  return made(CONTEXTS, next.clCreateContext(properties, count, devices, callback, user, status));
}

static cl_int CL_API_CALL retain_context(cl_context context) {
  return counted(CONTEXTS, 1, next.clRetainContext(context));
}

static cl_int CL_API_CALL release_context(cl_context context) {
  return counted(CONTEXTS, -1, next.clReleaseContext(context));
}

static cl_command_queue CL_API_CALL create_queue(cl_context context, cl_device_id device, cl_command_queue_properties properties,
                                                 cl_int *status) {
  return made(QUEUES, next.clCreateCommandQueue(context, device, properties, status));
}

static cl_int CL_API_CALL release_queue(cl_command_queue queue) {
  return counted(QUEUES, -1, next.clReleaseCommandQueue(queue));
}

static cl_program CL_API_CALL create_program_of_binary(cl_context context, cl_uint count, const cl_device_id *devices,
                                                       const size_t *lengths, const unsigned char **binaries, cl_int *states,
                                                       cl_int *status) {
  return made(PROGRAMS, next.clCreateProgramWithBinary(context, count, devices, lengths, binaries, states, status));
}

static cl_int CL_API_CALL retain_program(cl_program program) {
  return counted(PROGRAMS, 1, next.clRetainProgram(program));
}

static cl_int CL_API_CALL release_program(cl_program program) {
  return counted(PROGRAMS, -1, next.clReleaseProgram(program));
}

static cl_kernel CL_API_CALL create_kernel(cl_program program, const char *name, cl_int *status) {
  return made(KERNELS, next.clCreateKernel(program, name, status));
}

static cl_int CL_API_CALL release_kernel(cl_kernel kernel) {
  return counted(KERNELS, -1, next.clReleaseKernel(kernel));
}

static cl_int CL_API_CALL enqueue_copy(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset,
                                       size_t bytes, cl_uint wait_count, const cl_event *waits, cl_event *event) {
  return with_event(event, next.clEnqueueCopyBuffer(queue, from, to, from_offset, to_offset, bytes, wait_count, waits, event));
}

static cl_int CL_API_CALL release_event(cl_event event) {
  return counted(EVENTS, -1, next.clReleaseEvent(event));
}

// ---- entry point --------------------------------------------------------------------------------------------------

CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info name, size_t size, void *value, size_t *size_returned) {
  static const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
  const void *answer = NULL;
  size_t needed = 0;
  if (name == CL_LAYER_API_VERSION) answer = &version, needed = sizeof version;
#ifdef CL_LAYER_NAME  // not in older headers
  static const char NAME[] = "iadb-fault";
  if (name == CL_LAYER_NAME) answer = NAME, needed = sizeof NAME;
#endif
  if (!answer || (value && size < needed)) return CL_INVALID_VALUE;
  if (size_returned) *size_returned = needed;
  if (value) memcpy(value, answer, needed);
  return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint entries, const struct _cl_icd_dispatch *target, cl_uint *entries_returned,
                                            const struct _cl_icd_dispatch **returned) {
  size_t bytes = entries * sizeof(void *) < sizeof next ? entries * sizeof(void *) : sizeof next;
  if (!target || !entries_returned || !returned) return CL_INVALID_VALUE;
  started = time(NULL);
  memcpy(&next, target, bytes);
  own = next;
  own.clGetDeviceIDs = get_device_ids;
  own.clBuildProgram = build_program;
  own.clCreateBuffer = create_buffer;
  own.clReleaseMemObject = release_buffer;
  own.clEnqueueNDRangeKernel = enqueue_kernel;
  own.clEnqueueWriteBuffer = enqueue_write;
  own.clEnqueueReadBuffer = enqueue_read;
  own.clFinish = finish;
  own.clWaitForEvents = wait_for_events;
  own.clCreateProgramWithSource = create_program;
  own.clCreateContext = create_context;
  own.clRetainContext = retain_context;
  own.clReleaseContext = release_context;
  own.clCreateCommandQueue = create_queue;
  own.clReleaseCommandQueue = release_queue;
  own.clCreateProgramWithBinary = create_program_of_binary;
  own.clRetainProgram = retain_program;
  own.clReleaseProgram = release_program;
  own.clCreateKernel = create_kernel;
  own.clReleaseKernel = release_kernel;
  own.clEnqueueCopyBuffer = enqueue_copy;
  own.clReleaseEvent = release_event;
  *entries_returned = (cl_uint)(bytes / sizeof(void *));
  *returned = &own;
  return CL_SUCCESS;
}
