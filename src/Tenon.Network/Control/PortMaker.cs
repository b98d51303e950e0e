using System.Collections.Concurrent;
using Tenon.Network.Ports;
using Tenon.OpenStack;

namespace Tenon.Network.Control;

/// <summary>
/// Makes ports in bulk. Neutron makes all ports of a call or none, so where a quota or a subnet is nearly full the calls become smaller until what
/// there is room for is made, and grow again with what is made.
/// </summary>
/// <param name="cloud">Makes the ports.</param>
internal sealed class PortMaker(CloudPorts cloud)
{
    private readonly ConcurrentDictionary<string, int> _limits = [];
    private readonly ConcurrentDictionary<string, bool> _short = [];

    /// <summary>Everything was listed again: networks that were short of addresses may have some by now.</summary>
    public void Forget() => _short.Clear();

    /// <summary>Makes ports of one network.</summary>
    /// <param name="create">The ports.</param>
    /// <param name="attempts">The pass.</param>
    /// <param name="smaller">Whether to try fewer ports where there is no room for all; otherwise it is left to be tried again.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Whether all was tried: otherwise there was no room.</returns>
    public async Task<bool> MakeAsync(PortChange.CreatePorts create, Attempts attempts, bool smaller, CancellationToken cancellationToken)
    {
        string network = create.Ports[0].NetworkId;
        for (int done = 0; done < create.Ports.Count;)
        {
            int limit = _limits.GetValueOrDefault(network, PortPlanner.PortsPerCall);
            PortChange.CreatePorts rest = create with { Ports = [.. create.Ports.Skip(done)] }, part = rest with { Ports = [.. rest.Ports.Take(limit)] };
            Exception? failure = await attempts.AskAsync(part, c => cloud.ApplyAsync(c, cancellationToken));
            if (failure is null)
            {
                done += part.Ports.Count;
                Grow(network, limit);
            }
            else if (!Attempts.IsQuota(failure))
            {
                attempts.Fail(part, failure);
                done += part.Ports.Count;
            }
            else
            {
                if (!smaller) return false;
                Shrink(network, part.Ports.Count, (OpenStackException)failure);
                if (part.Ports.Count > 1) continue;
                attempts.Fail(rest, failure);
                return true;
            }
        }

        return true;
    }

    private void Grow(string network, int limit)
    {
        if (limit < PortPlanner.PortsPerCall && !_short.ContainsKey(network)) _limits[network] = Math.Min(2 * limit, PortPlanner.PortsPerCall);
    }

    /// <summary>A call that finds too few addresses loses for good those that it found: after it, one at a time.</summary>
    private void Shrink(string network, int tried, OpenStackException failure)
    {
        bool addresses = failure.Code?.StartsWith("IpAddressGenerationFailure", StringComparison.Ordinal) ?? false;
        if (addresses) _short[network] = true;
        _limits[network] = addresses ? 1 : Math.Max(1, tried / 2);
    }
}
