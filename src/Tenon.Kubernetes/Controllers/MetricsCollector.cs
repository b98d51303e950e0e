using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Tenon.Kubernetes.Controllers;

/// <summary>
/// Adds up what the process's instruments measure and writes it in the Prometheus text format (0.0.4). Names get the unit and, for
/// counters, <c>_total</c>. An instrument has at most so many label combinations; what comes after is added to one labelled
/// <c>overflow="true"</c>.
/// </summary>
internal sealed class MetricsCollector : IDisposable
{
    private static readonly double[] s_defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private readonly ConcurrentDictionary<string, Family> _families = new();
    private readonly MeterListener _listener = new();
    private readonly IReadOnlyList<string> _meters;
    private readonly int _maxSeries;

    public MetricsCollector(IReadOnlyList<string> meters, int maxSeries)
    {
        _meters = meters;
        _maxSeries = maxSeries;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Wanted(instrument.Meter.Name)) listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
        };
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, state) => Measure(state, value, tags));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, state) => Measure(state, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Measure(state, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Measure(state, value, tags));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Measure(state, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Measure(state, value, tags));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, state) => Measure(state, (double)value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    public string Render()
    {
        // Observed series are what is observed now: what has gone must not linger.
        foreach (Family family in _families.Values)
            if (family.IsObserved) family.Series.Clear();
        _listener.RecordObservableInstruments();
        var text = new StringBuilder(16 * 1024);
        foreach (Family family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            if (family.Series.IsEmpty) continue;
            if (family.Help.Length > 0)
                text.Append("# HELP ").Append(family.Name).Append(' ').Append(family.Help.Replace("\\", @"\\").Replace("\n", @"\n")).Append('\n');
            text.Append("# TYPE ").Append(family.Name).Append(' ').Append(family.Type).Append('\n');
            foreach ((string labels, Series series) in family.Series.OrderBy(s => s.Key, StringComparer.Ordinal)) series.Write(text, family.Name, labels);
        }

        return text.ToString();
    }

    private bool Wanted(string meter) => _meters.Any(m => m.EndsWith('*') ? meter.StartsWith(m[..^1], StringComparison.Ordinal) : meter == m);

    private Family FamilyOf(Instrument instrument)
    {
        bool observed = instrument.IsObservable;
        string kind = instrument.GetType().Name;
        string type = kind.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram"
            : kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("ObservableCounter", StringComparison.Ordinal) ? "counter"
            : "gauge";
        string name = NameOf(instrument.Name, instrument.Unit, type == "counter");
        bool last = observed || kind.StartsWith("Gauge", StringComparison.Ordinal);
        double[] buckets = instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } b } => [.. b],
            Histogram<long> { Advice.HistogramBucketBoundaries: { } b } => [.. b.Select(x => (double)x)],
            Histogram<int> { Advice.HistogramBucketBoundaries: { } b } => [.. b.Select(x => (double)x)],
            _ => s_defaultBuckets,
        };
        return _families.GetOrAdd(name, _ => new Family(name, type, instrument.Description ?? "", observed, last, buckets));
    }

    private static string NameOf(string name, string? unit, bool counter)
    {
        var text = new StringBuilder();
        foreach (char c in name) text.Append(char.IsAsciiLetterOrDigit(c) || c is '_' or ':' ? c : '_');
        string? suffix = unit switch
        {
            "s" => "seconds",
            "ms" => "milliseconds",
            "By" => "bytes",
            _ => null,
        };
        if (suffix is not null && !name.EndsWith(suffix, StringComparison.Ordinal)) text.Append('_').Append(suffix);
        if (counter && !name.EndsWith("_total", StringComparison.Ordinal)) text.Append("_total");
        return text.ToString();
    }

    private void Measure(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var family = (Family)state!;
        string labels = Labels(tags);
        if (!family.Series.TryGetValue(labels, out Series? series))
        {
            if (family.Series.Count >= _maxSeries) labels = "overflow=\"true\"";
            series = family.Series.GetOrAdd(
                labels, static (_, f) => f.Type == "histogram" ? new Histogram(f.Buckets) : new Number(f.KeepsLast), family);
        }

        series.Record(value);
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty) return "";
        var text = new StringBuilder();
        foreach ((string key, object? value) in tags)
        {
            if (text.Length > 0) text.Append(',');
            foreach (char c in key) text.Append(char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_');
            text.Append("=\"").Append(Convert.ToString(value, CultureInfo.InvariantCulture)?.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n"))
                .Append('"');
        }

        return text.ToString();
    }

    private static string Format(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private sealed record Family(string Name, string Type, string Help, bool IsObserved, bool KeepsLast, double[] Buckets)
    {
        public ConcurrentDictionary<string, Series> Series { get; } = new();
    }

    private abstract class Series
    {
        public abstract void Record(double value);

        public abstract void Write(StringBuilder text, string name, string labels);

        protected static void Line(StringBuilder text, string name, string labels, double value)
        {
            text.Append(name);
            if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
            text.Append(' ').Append(Format(value)).Append('\n');
        }
    }

    private sealed class Number(bool keepsLast) : Series
    {
        private readonly Lock _gate = new();
        private double _value;

        public override void Record(double value)
        {
            lock (_gate) _value = keepsLast ? value : _value + value;
        }

        public override void Write(StringBuilder text, string name, string labels)
        {
            lock (_gate) Line(text, name, labels, _value);
        }
    }

    private sealed class Histogram(double[] buckets) : Series
    {
        private readonly Lock _gate = new();
        private readonly long[] _counts = new long[buckets.Length + 1];
        private double _sum;

        public override void Record(double value)
        {
            int index = Array.FindIndex(buckets, b => value <= b);
            lock (_gate)
            {
                _counts[index < 0 ? buckets.Length : index]++;
                _sum += value;
            }
        }

        public override void Write(StringBuilder text, string name, string labels)
        {
            string before = labels.Length > 0 ? labels + "," : "";
            lock (_gate)
            {
                long total = 0;
                for (int i = 0; i < _counts.Length; i++)
                {
                    total += _counts[i];
                    string bound = i < buckets.Length ? Format(buckets[i]) : "+Inf";
                    Line(text, name + "_bucket", $"{before}le=\"{bound}\"", total);
                }

                Line(text, name + "_sum", labels, _sum);
                Line(text, name + "_count", labels, total);
            }
        }
    }
}
