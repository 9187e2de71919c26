package iadb.view;

/**
 * How a window's life went.
 *
 * @param frames            shown, after the first
 * @param frameMillisMedian from one to the next; NaN without a frame
 * @param frameMillis99     that 99 of 100 did not exceed
 * @param points            at the end
 * @param transfer          {@code shared} or {@code copied}
 * @param hostBytesPerFrame that points took through the host
 * @param device            OpenCL's
 * @param glRenderer        OpenGL's
 */
public record RealtimeSummary(int frames, double frameMillisMedian, double frameMillis99, int points, String transfer,
        double hostBytesPerFrame, String device, String glRenderer) {
}
