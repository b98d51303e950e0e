using System.Collections.Immutable;

namespace Tenon.Sandbox.Measures;

/// <summary>
/// Latency added before a call is processed. <c>*</c> holds for every OpenStack service that is not named; Kubernetes has latency only when
/// named.
/// </summary>
public sealed class LatencyTable
{
    /// <summary>The name that stands for all OpenStack services.</summary>
    public const string Default = "*";

    private ImmutableDictionary<string, TimeSpan> _table = ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>The table as it is.</summary>
    public IReadOnlyDictionary<string, TimeSpan> Current => _table;

    /// <summary>Sets the latency of one service, or of <see cref="Default"/>.</summary>
    public void Set(string service, TimeSpan latency)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(latency, TimeSpan.Zero);
        ImmutableInterlocked.Update(ref _table, (table, change) => table.SetItem(change.service, change.latency), (service, latency));
    }

    /// <summary>The latency of a service.</summary>
    public TimeSpan For(string service)
    {
        ImmutableDictionary<string, TimeSpan> table = _table;
        if (table.TryGetValue(service, out TimeSpan latency)) return latency;
        return service != CallLog.Kubernetes && table.TryGetValue(Default, out latency) ? latency : TimeSpan.Zero;
    }
}
