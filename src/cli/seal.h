/* cli/seal.h - a process that holds secrets is nobody else's to read.
 */
#ifndef TK_CLI_SEAL_H
#define TK_CLI_SEAL_H

/* From now on others of the same user may neither read this process's memory
 * nor find it in a core file. Every command is sealed: most see a token or a
 * secret. */
void tk_seal(void);

#endif
