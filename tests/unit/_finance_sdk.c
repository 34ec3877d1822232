/* A library with the documented functions of the vendor's: it serves files of a folder, whose path is the corp id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { char *buf; int len; } Slice_t;
typedef struct { char *outindexbuf; int out_len; char *data; int data_len; int is_finish; } MediaData_t;
typedef struct { char folder[1024]; } Sdk_t;

static int living = 0;

/* How many handles, slices and media nobody has given back. */
int Living(void) { return living; }

static void *made(size_t size) { living++; return calloc(1, size); }

static char *whole(const char *folder, const char *name, int *length) {
  char path[2048];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  *length = (int)ftell(file);
  rewind(file);
  char *data = malloc(*length + 1);
  if (fread(data, 1, *length, file) != (size_t)*length) *length = 0;
  data[*length] = 0;
  fclose(file);
  return data;
}

/* The next return code: numbers in the file "codes", one line each; 0 when there are no more. */
static int next_code(const char *folder) {
  char path[2048];
  int length = 0, code = 0, used = 0;
  char *codes = whole(folder, "codes", &length);
  if (!codes) return 0;
  if (sscanf(codes, "%d%n", &code, &used) != 1) { free(codes); return 0; }
  snprintf(path, sizeof path, "%s/codes", folder);
  FILE *file = fopen(path, "wb");
  fwrite(codes + used, 1, length - used, file);
  fclose(file);
  free(codes);
  return code;
}

static void note(const char *folder, const char *line) {
  char path[2048];
  snprintf(path, sizeof path, "%s/seen", folder);
  FILE *file = fopen(path, "ab");
  fprintf(file, "%s\n", line);
  fclose(file);
}

void *NewSdk(void) { return made(sizeof(Sdk_t)); }
void DestroySdk(void *sdk) { living--; free(sdk); }

int Init(void *sdk, const char *corpid, const char *secret) {
  snprintf(((Sdk_t *)sdk)->folder, sizeof ((Sdk_t *)sdk)->folder, "%s", corpid);
  return strcmp(secret, "right") ? 10009 : 0;
}

void *NewSlice(void) { return made(sizeof(Slice_t)); }
void FreeSlice(void *slice) { living--; free(((Slice_t *)slice)->buf); free(slice); }
char *GetContentFromSlice(void *slice) { return ((Slice_t *)slice)->buf; }
int GetSliceLen(void *slice) { return ((Slice_t *)slice)->len; }

int GetChatData(void *sdk, unsigned long long seq, unsigned int limit, const char *proxy, const char *passwd,
                int timeout, void *out) {
  char name[64], line[512];
  Sdk_t *self = sdk;
  snprintf(line, sizeof line, "%llu %u %s %s %d", seq, limit, proxy, passwd, timeout);
  note(self->folder, line);
  int code = next_code(self->folder);
  if (code) return code;
  snprintf(name, sizeof name, "%llu.json", seq);
  Slice_t *slice = out;
  slice->buf = whole(self->folder, name, &slice->len);
  return slice->buf ? 0 : 10003;
}

/* The message is hexadecimal, and every byte of it is mixed with one of the key. */
int DecryptData(const char *key, const char *message, void *out) {
  size_t length = strlen(message) / 2, round = strlen(key);
  if (!round) return 10008;
  Slice_t *slice = out;
  slice->buf = malloc(length + 1);
  slice->len = (int)length;
  for (size_t i = 0; i < length; i++) {
    unsigned int byte;
    if (sscanf(message + 2 * i, "%2x", &byte) != 1) return 10006;
    slice->buf[i] = (char)(byte ^ (unsigned char)key[i % round]);
  }
  return 0;
}

void *NewMediaData(void) { return made(sizeof(MediaData_t)); }
void FreeMediaData(void *media) {
  living--;
  free(((MediaData_t *)media)->outindexbuf);
  free(((MediaData_t *)media)->data);
  free(media);
}
char *GetOutIndexBuf(void *media) { return ((MediaData_t *)media)->outindexbuf; }
char *GetData(void *media) { return ((MediaData_t *)media)->data; }
int GetIndexLen(void *media) { return ((MediaData_t *)media)->out_len; }
int GetDataLen(void *media) { return ((MediaData_t *)media)->data_len; }
#ifndef LESS
int IsMediaDataFinish(void *media) { return ((MediaData_t *)media)->is_finish; }
#endif

int GetMediaData(void *sdk, const char *index, const char *fileid, const char *proxy, const char *passwd, int timeout,
                 void *out) {
  enum { PIECE = 5 };
  Sdk_t *self = sdk;
  int length = 0, start = atoi(index), code = next_code(self->folder);
  (void)proxy, (void)passwd, (void)timeout;
  if (code) return code;
  char *file = whole(self->folder, fileid, &length);
  if (!file) return 10005;
  MediaData_t *media = out;
  media->data_len = length - start < PIECE ? length - start : PIECE;
  media->data = malloc(PIECE);
  memcpy(media->data, file + start, media->data_len);
  free(file);
  media->outindexbuf = malloc(16);
  media->out_len = snprintf(media->outindexbuf, 16, "%d", start + media->data_len);
  media->is_finish = start + media->data_len >= length;
  return 0;
}
