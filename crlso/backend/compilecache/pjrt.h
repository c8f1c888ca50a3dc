// The part of XLA's PJRT C API that the cache needs, by the names of xla/pjrt/c/pjrt_c_api.h in
// github.com/openxla/xla. Within major version 0 functions and fields are only ever added at the end.

#include <stddef.h>

typedef struct PJRT_Error PJRT_Error;
typedef struct PJRT_Client PJRT_Client;
typedef struct PJRT_Executable PJRT_Executable;
typedef struct PJRT_LoadedExecutable PJRT_LoadedExecutable;
typedef struct PJRT_SerializedExecutable PJRT_SerializedExecutable;

typedef struct {
  size_t struct_size;
  void *extension_start;
  PJRT_Error *error;
} PJRT_Error_Destroy_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  char *code;
  size_t code_size;
  const char *format;
  size_t format_size;
} PJRT_Program;

typedef struct {
  size_t struct_size;
  void *extension_start;
  PJRT_Client *client;
  const PJRT_Program *program;
  const char *compile_options;
  size_t compile_options_size;
  PJRT_LoadedExecutable *executable; // out
} PJRT_Client_Compile_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  PJRT_Executable *executable;
} PJRT_Executable_Destroy_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  const PJRT_Executable *executable;
  const char *serialized_bytes;  // out, as are those below
  size_t serialized_bytes_size;
  PJRT_SerializedExecutable *serialized_executable;
  void (*serialized_executable_deleter)(PJRT_SerializedExecutable *);
} PJRT_Executable_Serialize_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  PJRT_LoadedExecutable *loaded_executable;
  PJRT_Executable *executable; // out
} PJRT_LoadedExecutable_GetExecutable_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  PJRT_Client *client;
  const char *serialized_executable;
  size_t serialized_executable_size;
  PJRT_LoadedExecutable *loaded_executable; // out
  const char *overridden_serialized_compile_options;
  size_t overridden_serialized_compile_options_size;
} PJRT_Executable_DeserializeAndLoad_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  struct {
    size_t struct_size;
    void *extension_start;
    int major_version;
    int minor_version;
  } pjrt_api_version;
  void (*PJRT_Error_Destroy)(PJRT_Error_Destroy_Args *);
  void *functions_1_to_19[19];
  PJRT_Error *(*PJRT_Client_Compile)(PJRT_Client_Compile_Args *);
  void *functions_21_to_39[19];
  PJRT_Error *(*PJRT_Executable_Destroy)(PJRT_Executable_Destroy_Args *);
  void *functions_41_to_48[8];
  PJRT_Error *(*PJRT_Executable_Serialize)(PJRT_Executable_Serialize_Args *);
  void *function_50;
  PJRT_Error *(*PJRT_LoadedExecutable_GetExecutable)(PJRT_LoadedExecutable_GetExecutable_Args *);
  void *functions_52_to_55[4];
  PJRT_Error *(*PJRT_Executable_DeserializeAndLoad)(PJRT_Executable_DeserializeAndLoad_Args *);
} PJRT_Api;

// wrap loads the plugin at path and returns a copy of its table of functions in which cached_compile compiles; NULL
// if it is none of major version 0 that can write and read programs.
PJRT_Api *wrap(const char *path);

// compile is the plugin's own PJRT_Client_Compile.
PJRT_Error *compile(PJRT_Client_Compile_Args *args);

// failed reports whether there is an error, and frees it.
int failed(PJRT_Error *error);

// serialize writes a program, to be freed with the deleter unless it is NULL; its bytes are NULL if that fails.
PJRT_Executable_Serialize_Args serialize(PJRT_LoadedExecutable *program);

// free_serialized calls the deleter.
void free_serialized(PJRT_Executable_Serialize_Args *args);

// load reads a program; NULL if that fails.
PJRT_LoadedExecutable *load(PJRT_Client *client, const char *bytes, size_t size);
