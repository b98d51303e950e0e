using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.VirtualNetworks;

/// <content>The end of a virtual network, and of what came to be beside it.</content>
public sealed partial class VirtualNetworkReconciler
{
    private const int NamedUsers = 3;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<NamespacedName, int> _blocked = [];
    private readonly ConcurrentDictionary<string, DateTimeOffset> _surplusSince = [];

    private async Task<Outcome> RemoveAsync(VirtualNetwork network, CancellationToken cancellationToken)
    {
        NamespacedName key = network.Metadata.Key;
        if (!network.Metadata.Finalizers.Contains(NetworkNames.Finalizer)) return Outcome.Done;
        int pods = _cluster.PodPorts.Find(ByNetwork, key.ToString()).Count;
        if (pods > 0)
        {
            await WriteAsync(network, network.Status ?? new(), false, "InUse", $"{pods} pods are still on this network; it goes once they are gone", cancellationToken);
            return new Outcome.Waiting("the pods on the network to go", null);
        }

        // While it is in use, only its ports are of interest.
        await _cloud.EnsureAsync(_blocked.ContainsKey(key) ? _options.ResyncPeriod / 2 : s_listAge, cancellationToken);
        try
        {
            for (int pass = 0; pass < MaxPasses; pass++)
            {
                NetworkSight sight = _cloud.Find(NetworkMarks.Network(_options.ClusterName, key), null, Known(network)).Sight;
                if (sight.Network is { } there && await _cloud.UsersAsync(there.Id, cancellationToken) is { Count: > 0 } users) return await StayAsync(network, sight, users, cancellationToken);
                Plan<NetworkChange> plan = VirtualNetworkPlanner.PlanDeletion(sight);
                if (plan.IsEmpty)
                {
                    await _cluster.Writer.ReleaseAsync(network, cancellationToken);
                    return Outcome.Done;
                }

                await ApplyAsync(key, plan, cancellationToken);
            }
        }
        catch (OpenStackException e) when (e.Kind is OpenStackErrorKind.Conflict or OpenStackErrorKind.Busy or OpenStackErrorKind.NotFound)
        {
            // A port came in between, or is seen by others only; legs may be gone already.
            _cloud.Invalidate();
            await WriteAsync(network, network.Status ?? new(), false, "InUse", $"the network is still in use: {e.ServiceMessage}", cancellationToken);
            return new Outcome.Waiting("the network's last ports to go", Pause(key));
        }

        throw new InvalidOperationException($"VirtualNetwork {key}: the removal did not end in {MaxPasses} passes.");
    }

    /// <summary>Somebody is on the network: it stays whole, router included, until they are gone.</summary>
    private async Task<Outcome> StayAsync(VirtualNetwork network, NetworkSight sight, IReadOnlyList<Port> users, CancellationToken cancellationToken)
    {
        NamespacedName key = network.Metadata.Key;
        if (network.Status?.RouterId is { } router && _cloud.Routers.Any(r => r.Id == router)) await ApplyAsync(key, VirtualNetworkPlanner.PlanRejoin(sight, router), cancellationToken);
        Port[] others = [.. users.Where(p => p.Description != NetworkMarks.Cluster(_options.ClusterName))];
        string message = others.Length == 0
            ? $"{users.Count} ports that were made for pods are still on the network; it goes once they are gone"
            : $"in use by {string.Join(", ", others.Take(NamedUsers).Select(Describe))}{(others.Length > NamedUsers ? $" and {others.Length - NamedUsers} more" : "")}; the network goes once they are gone";
        bool isNews = await WriteAsync(network, network.Status ?? new(), false, "InUse", message, cancellationToken);
        if (isNews && others.Length > 0) _cluster.Events.Record(ObjectReference.To(network), EventType.Warning, "InUse", message);
        return new Outcome.Waiting("the network's last ports to go", Pause(key));

        static string Describe(Port port)
            => $"port {port.Id}{(port.DeviceOwner.Length > 0 ? $" of {port.DeviceOwner}{(port.DeviceId.Length > 0 ? $" {port.DeviceId}" : "")}" : "")}";
    }

    private TimeSpan Pause(NamespacedName key)
    {
        int before = _blocked.AddOrUpdate(key, 1, (_, n) => n + 1) - 1;
        TimeSpan pause = s_firstPause * Math.Pow(2, Math.Min(before, 10));
        return pause < _options.MaxBackoff ? pause : _options.MaxBackoff;
    }

    /// <summary>Removes what a create left whose answer was lost and which came true late, once it is certain that nobody came to use it.</summary>
    private async Task<Outcome> CollectAsync(VirtualNetwork network, string mark, NetworkSight sight, CancellationToken cancellationToken)
    {
        NamespacedName key = network.Metadata.Key;
        TimeSpan? next = null;
        try
        {
            foreach (NetworkSight other in _cloud.Surplus(mark, sight.Network!.Id))
                if (IsDue(other.Network!.Id, ref next)) await CollectAsync(network, other.Network.Id, _ => true, VirtualNetworkPlanner.PlanDeletion(other), cancellationToken);
            foreach (Subnet subnet in sight.Subnets.GroupBy(s => s.IpVersion).SelectMany(g => g.Skip(1)).Where(s => s.Description == mark))
                if (IsDue(subnet.Id, ref next)) await CollectAsync(network, sight.Network.Id, p => p.FixedIps.Any(f => f.SubnetId == subnet.Id), VirtualNetworkPlanner.PlanSurplus(sight, subnet), cancellationToken);
        }
        catch (OpenStackException e)
        {
            // The network that is in use is well; the next resync tries again.
            _cloud.Invalidate();
            LogSurplus(key, e);
        }

        return next is { } pause ? new Outcome.Waiting("what was made twice to be removed", pause) : Outcome.Done;
    }

    private async Task CollectAsync(VirtualNetwork network, string networkId, Func<Port, bool> matters, Plan<NetworkChange> removal, CancellationToken cancellationToken)
    {
        Port[] users = [.. (await _cloud.UsersAsync(networkId, cancellationToken)).Where(matters)];
        if (users.Length == 0)
        {
            await ApplyAsync(network.Metadata.Key, removal, cancellationToken);
            return;
        }

        _cluster.Events.Record(ObjectReference.To(network), EventType.Warning, "MadeTwice",
            $"Neutron network {networkId} has what was made twice for this virtual network and is not used by it, but has ports ({string.Join(", ", users.Take(NamedUsers).Select(p => p.Id))}), so it is not removed: delete these, or make it somebody else's by another description");
    }

    private bool IsDue(string id, ref TimeSpan? next)
    {
        TimeSpan left = _surplusSince.GetOrAdd(id, _time.GetUtcNow()) + _options.SurplusGrace - _time.GetUtcNow();
        if (left <= TimeSpan.Zero) return true;
        next = next is { } earlier && earlier < left ? earlier : left;
        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "VirtualNetwork {Network}: what was made twice could not be removed")]
    private partial void LogSurplus(NamespacedName network, Exception exception);
}
