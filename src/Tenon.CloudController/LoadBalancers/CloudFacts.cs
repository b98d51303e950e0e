using System.Collections.Concurrent;
using System.Collections.Immutable;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.KeyManager;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>The clients that <see cref="CloudFacts"/> reads with.</summary>
/// <param name="Networks">Networks and subnets.</param>
/// <param name="Ports">Ports.</param>
/// <param name="LoadBalancing">What Octavia offers.</param>
/// <param name="KeyManager">Certificates; <see langword="null"/> when the cloud has no key manager.</param>
public sealed record CloudFactsClients(INetworkReader Networks, IPortReader Ports, ILoadBalancerCapabilities LoadBalancing, IKeyManagerReader? KeyManager);

/// <summary>What changes seldom in a cloud, read when first needed and remembered for a while. Failures are not remembered.</summary>
public sealed class CloudFacts(CloudFactsClients clients, TimeProvider time)
{
    private static readonly TimeSpan Lasting = TimeSpan.FromHours(1);
    private static readonly TimeSpan Missing = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Fact> _facts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _refusals = new(StringComparer.Ordinal);

    /// <summary>Reads what every Service needs, so that the first one need not wait for it.</summary>
    public async Task ReadAheadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(FeaturesAsync(cancellationToken), ProvidersAsync(cancellationToken));
        }
        catch (OpenStackException)
        {
            // It is asked again where it is needed, and a failure told there.
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end, as asked.
        }
    }

    /// <summary>What Octavia's API version allows.</summary>
    public Task<LoadBalancerFeatures> FeaturesAsync(CancellationToken cancellationToken)
        => RememberAsync("features", clients.LoadBalancing.GetFeaturesAsync, _ => Lasting, cancellationToken);

    /// <summary>The names of Octavia's providers; empty when the credentials may not ask.</summary>
    public Task<EquatableArray<string>> ProvidersAsync(CancellationToken cancellationToken)
        => RememberAsync<EquatableArray<string>>("providers", async ct =>
        {
            try
            {
                return [.. (await clients.LoadBalancing.ListProvidersAsync(ct)).Select(p => p.Name)];
            }
            catch (OpenStackException exception) when (exception.Kind is OpenStackErrorKind.Forbidden or OpenStackErrorKind.NotFound)
            {
                return [];
            }
        }, _ => Lasting, cancellationToken);

    /// <summary>A subnet, or <see langword="null"/>.</summary>
    public Task<Subnet?> SubnetAsync(string id, CancellationToken cancellationToken)
        => RememberAsync($"subnet {id}", ct => clients.Networks.GetSubnetAsync(id, ct), s => s is null ? Missing : Lasting, cancellationToken);

    /// <summary>A network, or <see langword="null"/>.</summary>
    public Task<Network?> NetworkAsync(string id, CancellationToken cancellationToken)
        => RememberAsync($"network {id}", ct => clients.Networks.GetNetworkAsync(id, ct), n => n is null ? Missing : Lasting, cancellationToken);

    /// <summary>The subnets of a network that the project can see, by name.</summary>
    public Task<ImmutableArray<Subnet>> SubnetsOfAsync(string networkId, CancellationToken cancellationToken)
        => RememberAsync($"subnets {networkId}", async ct =>
        {
            var subnets = new List<Subnet>();
            await foreach (Subnet subnet in clients.Networks.ListSubnetsAsync(new() { NetworkIds = [networkId] }, ct)) subnets.Add(subnet);
            return subnets.OrderBy(s => s.Name, StringComparer.Ordinal).ThenBy(s => s.Id, StringComparer.Ordinal).ToImmutableArray();
        }, s => s.IsEmpty ? Missing : Lasting, cancellationToken);

    /// <summary>The external networks that can give IPv4 addresses, as far as can be seen.</summary>
    public Task<ImmutableArray<Network>> ExternalNetworksAsync(CancellationToken cancellationToken)
        => RememberAsync("external networks", async ct =>
        {
            var networks = new List<Network>();
            await foreach (Network network in clients.Networks.ListNetworksAsync(new() { External = true }, ct)) networks.Add(network);
            ImmutableArray<Network> usable = [.. networks.Where(n => !n.SubnetIds.IsEmpty).OrderBy(n => n.Name, StringComparer.Ordinal)];
            if (usable.Length <= 1) return usable;
            var withIpv4 = ImmutableArray.CreateBuilder<Network>();
            foreach (Network network in usable)
            {
                // Subnets that cannot be seen may be IPv4.
                ImmutableArray<Subnet> subnets = await SubnetsOfAsync(network.Id, ct);
                if (subnets.IsEmpty || subnets.Any(s => s.IpVersion == 4)) withIpv4.Add(network);
            }

            return withIpv4.ToImmutable();
        }, n => n.IsEmpty ? Missing : Lasting, cancellationToken);

    /// <summary>The subnet in which a server has an address, or <see langword="null"/>.</summary>
    public Task<string?> SubnetOfServerAsync(string serverId, string address, CancellationToken cancellationToken)
        => RememberAsync($"server {serverId} {address}", async ct =>
        {
            await foreach (Port port in clients.Ports.ListPortsAsync(new() { DeviceIds = [serverId] }, ct))
            {
                if (port.FixedIps.FirstOrDefault(f => f.IpAddress == address) is { } fixedIp) return fixedIp.SubnetId;
            }

            return null;
        }, s => s is null ? Missing : Lasting, cancellationToken);

    /// <summary>Whether the key manager has a certificate; <see langword="null"/> when the cloud has no key manager.</summary>
    public Task<bool?> CertificateExistsAsync(string reference, CancellationToken cancellationToken)
        => RememberAsync<bool?>($"certificate {reference}", async ct =>
        {
            if (clients.KeyManager is null) return null;
            try
            {
                return await clients.KeyManager.ExistsAsync(reference, ct);
            }
            catch (OpenStackException exception) when (exception.Kind is OpenStackErrorKind.NoEndpoint)
            {
                return null;
            }
        }, exists => exists is true ? Lasting : Missing, cancellationToken);

    /// <summary>Remembers that a provider refuses allowed CIDRs.</summary>
    public void LearnRefusal(string provider) => _refusals.TryAdd(provider, 0);

    /// <summary>Whether a provider was seen to refuse allowed CIDRs.</summary>
    public bool RefusesAllowedCidrs(string? provider) => provider is not null && _refusals.ContainsKey(provider);

    private async Task<T> RememberAsync<T>(string key, Func<CancellationToken, Task<T>> read, Func<T, TimeSpan> keep, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_facts.TryGetValue(key, out Fact? known) && known.Holds(now)) return await ((Fact<T>)known).Value.WaitAsync(cancellationToken);
        foreach ((string old, Fact fact) in _facts)
        {
            if (!fact.Holds(now)) _facts.TryRemove(KeyValuePair.Create(old, fact));
        }

        var fresh = new Fact<T>(read, value => now + keep(value));
        _facts[key] = fresh;
        return await fresh.Value.WaitAsync(cancellationToken);
    }

    private abstract class Fact
    {
        public abstract bool Holds(DateTimeOffset now);
    }

    /// <summary>A read that is shared, so that neither it nor what is remembered of it ends with the first caller's token.</summary>
    private sealed class Fact<T> : Fact
    {
        private DateTimeOffset? _until;

        public Fact(Func<CancellationToken, Task<T>> read, Func<T, DateTimeOffset> until) => Value = ReadAsync(read, until);

        public Task<T> Value { get; }

        public override bool Holds(DateTimeOffset now)
            => Value.IsCompletedSuccessfully ? now < _until : !Value.IsCompleted;

        private async Task<T> ReadAsync(Func<CancellationToken, Task<T>> read, Func<T, DateTimeOffset> until)
        {
            T value = await read(CancellationToken.None);
            _until = until(value);
            return value;
        }
    }
}
