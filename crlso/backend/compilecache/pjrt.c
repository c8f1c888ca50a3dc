//go:build !noxla && cgo && linux

#include "pjrt.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

extern void *cached_compile(void *args); // in compilecache.go

// plugin is the plugin's own table.
static const PJRT_Api *plugin;

int failed(PJRT_Error *error) {
  if (error == NULL) return 0;
  PJRT_Error_Destroy_Args args = {.struct_size = sizeof args, .error = error};
  plugin->PJRT_Error_Destroy(&args);
  return 1;
}

PJRT_Api *wrap(const char *path) {
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (library == NULL) return NULL;
  const PJRT_Api *(*get)(void) = (const PJRT_Api *(*)(void))dlsym(library, "GetPjrtApi");
  const PJRT_Api *table = get == NULL ? NULL : get();
  if (table == NULL || table->pjrt_api_version.major_version != 0 || table->struct_size < sizeof *table) return NULL;
  PJRT_Api *copy = malloc(table->struct_size);
  if (copy == NULL) return NULL;
  memcpy(copy, table, table->struct_size);
  copy->PJRT_Client_Compile = (PJRT_Error * (*)(PJRT_Client_Compile_Args *)) cached_compile;
  plugin = table;
  return copy;
}

PJRT_Error *compile(PJRT_Client_Compile_Args *args) { return plugin->PJRT_Client_Compile(args); }

PJRT_Executable_Serialize_Args serialize(PJRT_LoadedExecutable *program) {
  PJRT_Executable_Serialize_Args out = {.struct_size = sizeof out};
  PJRT_LoadedExecutable_GetExecutable_Args get = {.struct_size = sizeof get, .loaded_executable = program};
  if (failed(plugin->PJRT_LoadedExecutable_GetExecutable(&get))) return out;
  out.executable = get.executable;
  if (failed(plugin->PJRT_Executable_Serialize(&out))) out.serialized_bytes = NULL;
  PJRT_Executable_Destroy_Args destroy = {.struct_size = sizeof destroy, .executable = get.executable};
  failed(plugin->PJRT_Executable_Destroy(&destroy));
  return out;
}

void free_serialized(PJRT_Executable_Serialize_Args *args) {
  if (args->serialized_executable_deleter != NULL) args->serialized_executable_deleter(args->serialized_executable);
}

PJRT_LoadedExecutable *load(PJRT_Client *client, const char *bytes, size_t size) {
  PJRT_Executable_DeserializeAndLoad_Args args = {
      .struct_size = sizeof args, .client = client, .serialized_executable = bytes, .serialized_executable_size = size};
  return failed(plugin->PJRT_Executable_DeserializeAndLoad(&args)) ? NULL : args.loaded_executable;
}
