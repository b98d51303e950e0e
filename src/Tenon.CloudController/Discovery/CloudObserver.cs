using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.Identity;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Discovery;

/// <summary>Reads what defaults depend on, all lists at the same time; what may not be listed is remembered as that.</summary>
public static class CloudObserver
{
    /// <summary>Reads the cloud.</summary>
    /// <param name="client">The cloud.</param>
    /// <param name="region">The region; <see langword="null"/> takes the only one of the catalog.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="OpenStackException">Keystone refuses us: nothing can be read.</exception>
    public static async Task<ObservedCloud> ObserveAsync(CloudClient client, string? region, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        AuthenticatedIdentity self = await client.Identity.GetSelfAsync(cancellationToken);
        EquatableArray<string> regions = await client.Identity.GetRegionsAsync(cancellationToken);
        string? used = region ?? (regions.Count == 1 ? regions[0] : null);
        if (used is null || !regions.Contains(used)) return new ObservedCloud { Self = self, Regions = regions };

        bool hasLoadBalancing = await client.Identity.HasServiceAsync("load-balancer", used, cancellationToken);
        NetworkingClient networking = client.Networking(used);
        Task<Listing<Network>> networks = ListAsync(networking.ListNetworksAsync(new NetworkQuery(), cancellationToken));
        Task<Listing<Subnet>> subnets = ListAsync(networking.ListSubnetsAsync(new SubnetQuery(), cancellationToken));
        Task<Listing<Router>> routers = ListAsync(networking.ListRoutersAsync(new RouterQuery(), cancellationToken));
        Task<Listing<Port>> ports = ListAsync(networking.ListPortsAsync(new PortQuery { ProjectId = self.ProjectId }, cancellationToken));
        Task<Listing<Provider>> providers = hasLoadBalancing
            ? ReadAsync(client.LoadBalancing(used).ListProvidersAsync(cancellationToken))
            : Task.FromResult(Listing<Provider>.Of());
        await Task.WhenAll(networks, subnets, routers, ports, providers);
        return new ObservedCloud
        {
            Self = self,
            Regions = regions,
            HasLoadBalancing = hasLoadBalancing,
            Networks = await networks,
            Subnets = await subnets,
            Routers = await routers,
            Ports = await ports,
            Providers = await providers,
        };
    }

    internal static async Task<Listing<T>> ListAsync<T>(IAsyncEnumerable<T> items)
    {
        try
        {
            var list = new List<T>();
            await foreach (T item in items) list.Add(item);
            return Listing<T>.Of(list);
        }
        catch (OpenStackException exception)
        {
            return Listing<T>.Failed(CloudFailure.Explain(exception));
        }
    }

    internal static async Task<Listing<T>> ReadAsync<T>(Task<EquatableArray<T>> items)
    {
        try
        {
            return Listing<T>.Of(await items);
        }
        catch (OpenStackException exception)
        {
            return Listing<T>.Failed(CloudFailure.Explain(exception));
        }
    }
}
