# Asks the processor for memory that is wanted soon; where the compiler has no word for it, nothing.
cdef extern from * nogil:
    """
    #if defined(__GNUC__)
    #define textcnn_prefetch(place) __builtin_prefetch(place)
    #else
    #define textcnn_prefetch(place)
    #endif
    """
    void prefetch "textcnn_prefetch"(const void *place)
