package iadb.profile;

import java.util.List;
import java.util.Locale;

/** A result as tables for a terminal. */
final class ResultText {
    private ResultText() {
    }

    static String of(Result result) {
        StringBuilder text = new StringBuilder();
        Machine machine = result.machine();
        text.append(machine.device()).append(", ").append(machine.platform()).append(", driver ").append(machine.driver())
                .append("\ncommit ").append(machine.commit()).append(", ").append(machine.date()).append(", ")
                .append(result.settings().name()).append(" settings\n\n").append(peak(result)).append('\n');
        text.append(growth("a training step", result.plans())).append('\n')
                .append(kernels(result.kernels())).append('\n').append(map(result.map())).append('\n')
                .append(growth("over the width", result.widths())).append('\n')
                .append(growth("over the batch", result.batches()));
        if (result.run() != null) {
            text.append('\n').append(run(result.run()));
        }
        return text.toString();
    }

    private static String peak(Result result) {
        Peak peak = result.peak();
        Table table = new Table("peak", "vector", "GFLOP/s");
        for (Peak.AtWidth at : peak.gflopsByWidth()) {
            table.row("multiply-adds" + (at.vector() == peak.vector() ? ", the best" : ""), Integer.toString(at.vector()),
                    Table.number(at.gflops()));
        }
        table.row("OpenBLAS sgemm", "-", Table.number(result.sgemm().gflops()));
        String verdict = result.sgemm().gflops() == null ? ""
                : result.sgemm().gflops() < peak.gflops() ? ": below the measured peak, as it must be"
                : ": ABOVE the measured peak, so that all shares of it are too high";
        return table + "(" + result.sgemm().note() + verdict + ")\ncopy of memory: " + Table.number(peak.gigabytes())
                + " GB/s, read and written\n";
    }

    private static String growth(String head, List<Growth> all) {
        Table table = new Table(head, "width", "batch", "us a step", "middle half", "GFLOP/s", "of peak");
        for (Growth one : all) {
            table.row(one.plan(), Integer.toString(one.width()), Integer.toString(one.batch()),
                    Table.number(one.microseconds().median()), Table.range(one.microseconds()), Table.number(one.gflops()),
                    Table.percent(one.shareOfPeak()));
        }
        return table.toString();
    }

    private static String kernels(List<KernelTimes> kernels) {
        Table table = new Table("kernel", "of", "launches", "event us", "host us", "GFLOP/s", "of peak", "GB/s", "of copy");
        for (KernelTimes kernel : kernels) {
            table.row(kernel.kernel(), kernel.work(), Table.number(kernel.launches()),
                    Table.number(kernel.eventMicroseconds().median()), Table.number(kernel.hostMicroseconds().median()),
                    Table.number(kernel.gflops()),
                    Table.percent(kernel.shareOfPeak()), Table.number(kernel.gigabytes()), Table.percent(kernel.shareOfCopy()));
        }
        return table + "(host us: in the call that enqueues; bytes that stay in caches can pass a copy's bandwidth)\n";
    }

    private static String map(List<MapThroughput> all) {
        Table table = new Table("map, points", "steps", "ms", "middle half", "million point-steps a second", "GFLOP/s", "of peak");
        for (MapThroughput map : all) {
            table.row(String.format(Locale.ROOT, "%,d", map.points()), Integer.toString(map.steps()),
                    Table.number(map.milliseconds().median()), Table.range(map.milliseconds()),
                    Table.number(map.pointStepsPerSecond().median() * 1e-6), Table.number(map.gflops()),
                    Table.percent(map.shareOfPeak()));
        }
        return table.toString();
    }

    private static String run(RunPhases run) {
        Table table = new Table(String.format(Locale.ROOT, "a run of %,d iterations", run.iterations()), "seconds");
        run.seconds().forEach((phase, seconds) -> table.row(phase, Table.number(seconds)));
        table.row("process, start to end", Table.number(run.wallSeconds()));
        table.row("start to first training step", Table.number(run.firstStepSeconds().median()));
        return table + (run.residentMegabytes() == null ? ""
                : "most memory resident: " + Table.number(run.residentMegabytes()) + " MB\n");
    }
}
