/* Opens ALSA's library when sound is wanted, and not when the program starts: a server without it runs.
 *
 * The build script writes one trampoline per name of names.txt; each jumps through its slot of the table
 * below. Until frontdesk_alsa_load has filled a slot it leads to frontdesk_alsa_unfilled. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

extern void *frontdesk_alsa_slots[];
extern const char *const frontdesk_alsa_names[];
extern const unsigned frontdesk_alsa_count;

/* Fills the table; 0 if the library is there. Must not run in two threads at once. */
int frontdesk_alsa_load(void)
{
    void *library = dlopen("libasound.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return -1;
    for (unsigned i = 0; i < frontdesk_alsa_count; i++) {
        /* Older libraries lack some functions; those keep leading to the message. */
        void *found = dlsym(library, frontdesk_alsa_names[i]);
        if (found)
            frontdesk_alsa_slots[i] = found;
    }
    return 0;
}

/* Where an unfilled slot leads, by way of frontdesk_alsa_trap. */
_Noreturn void frontdesk_alsa_unfilled(unsigned i)
{
    fprintf(stderr, "frontdesk: %s was called, which this machine's ALSA library does not have or "
                    "which was not loaded\n", frontdesk_alsa_names[i]);
    abort();
}
