using System.Globalization;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Configuration;
using Tenon.OpenStack.Identity;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Discovery;

/// <summary>
/// Looks at a cloud as the controllers will use it: versions, extensions, quotas with their use, clocks, credentials, defaults, and whether
/// each node has its server. Changes nothing, and goes on after each failure.
/// </summary>
public sealed class CloudCheck(CloudClient client, CloudConfig config, TimeProvider time)
{
    private static readonly TimeSpan TolerableSkew = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FatalSkew = TimeSpan.FromMinutes(5);

    private static readonly (string Alias, CheckStatus Without, string Note)[] Extensions =
    [
        ("router", CheckStatus.Warning, "there are no floating IPs and no routes"),
        ("security-group", CheckStatus.Warning, "manage-security-groups and source ranges under ovn do not work"),
        ("extraroute", CheckStatus.Warning, "pod routes do not work"),
        ("extraroute-atomic", CheckStatus.Ok, "routes are written as a whole list, guarded by the router's revision"),
        ("allowed-address-pairs", CheckStatus.Warning, "pods' packets are dropped where ports filter, unless port security is off"),
        ("standard-attr-tag", CheckStatus.Warning, "floating IPs and security groups are owned by description only"),
        ("revision-if-match", CheckStatus.Warning, "changes made at the same time by others may be lost"),
        ("trunk-details", CheckStatus.Ok, "addresses of trunks' subports are not seen"),
        ("quota_details", CheckStatus.Ok, "the use of quotas is not told"),
    ];

    private static readonly (string Resource, string Title)[] NetworkResources =
    [
        ("network", "networks"), ("subnet", "subnets"), ("port", "ports"), ("router", "routers"), ("floatingip", "floating IPs"),
        ("security_group", "security groups"), ("security_group_rule", "security group rules"),
    ];

    private readonly List<CheckItem> _items = [];

    /// <summary>Looks at everything.</summary>
    /// <param name="nodes">The cluster's nodes; none when no cluster is at hand.</param>
    /// <param name="asksForHttp">What in the cluster asks for HTTP load balancing.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public async Task<CheckReport> RunAsync(IReadOnlyCollection<Node> nodes, IReadOnlyCollection<string> asksForHttp, CancellationToken cancellationToken)
    {
        ObservedCloud cloud;
        try
        {
            cloud = await CloudObserver.ObserveAsync(client, config.Global.Region, cancellationToken);
        }
        catch (OpenStackException exception)
        {
            Fail("identity", "authentication", CloudFailure.Explain(exception));
            if (exception.Status is not null) await CheckClockAsync(null, cancellationToken);
            return new CheckReport { Items = _items.ToEquatableArray(), Choices = [], Problems = [] };
        }

        CheckIdentity(cloud.Self!);
        await CheckClockAsync(cloud.Self, cancellationToken);
        Listing<Server> servers = await ListServersAsync(cloud, cancellationToken);
        Defaults defaults = DefaultsPlanner.Choose(config, cloud, Cluster(nodes, servers, asksForHttp));
        if (defaults.Config.Global.Region is { } region && cloud.Regions.Contains(region))
        {
            await CheckServicesAsync(region, cloud, cancellationToken);
            await CheckExtensionsAsync(region, cancellationToken);
            await CheckQuotasAsync(region, cloud, cancellationToken);
            CheckNodes(nodes, servers, region);
        }

        return new CheckReport { Items = _items.ToEquatableArray(), Choices = defaults.Choices, Problems = defaults.Problems };
    }

    /// <summary>What defaults need to know of nodes.</summary>
    public static ObservedCluster Cluster(IReadOnlyCollection<Node> nodes, Listing<Server> servers, IReadOnlyCollection<string> asksForHttp)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(servers);
        var inventory = new ServerInventory(servers.Items);
        return new ObservedCluster
        {
            AsksForHttp = asksForHttp.ToEquatableArray(),
            Nodes = nodes.Select(node =>
            {
                Server? server = ProviderId.TryParse(node.Spec.ProviderId, out ProviderId? id) ? inventory.ById(id.ServerId)
                    : inventory.ByName(node.Metadata.Name) is [var only] ? only : null;
                string[] own = [.. node.Status.Addresses.Where(a => a.Type == NodeKeys.InternalIp).Select(a => a.Address)];
                string[] fromCloud = server is null ? [] : [.. server.Addresses.Where(a => a.Type != "floating").Select(a => a.Address)];
                return new ObservedNode(node.Metadata.Name, server?.Id ?? id?.ServerId, (own.Length > 0 ? own : fromCloud).ToEquatableArray());
            }).ToEquatableArray(),
        };
    }

    private async Task<Listing<Server>> ListServersAsync(ObservedCloud cloud, CancellationToken cancellationToken)
    {
        string? region = config.Global.Region ?? (cloud.Regions.Count == 1 ? cloud.Regions[0] : null);
        return region is null || !cloud.Regions.Contains(region)
            ? Listing<Server>.Of()
            : await CloudObserver.ListAsync(client.Compute(region).ListServersAsync(new ServerQuery(), cancellationToken));
    }

    private async Task CheckClockAsync(AuthenticatedIdentity? self, CancellationToken cancellationToken)
    {
        const string Name = "clock";
        try
        {
            string wanted = client.Credentials.Interface.ToString();
            IEnumerable<Uri> others = (self?.Catalog ?? []).Where(s => s.Type is "network" or "compute" or "load-balancer")
                .SelectMany(s => s.Endpoints.Where(e => e.Interface.Equals(wanted, StringComparison.OrdinalIgnoreCase)).Select(e => e.Url))
                .Select(url => Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) ? parsed : null).OfType<Uri>();
            if (await CloudClock.ReadSkewAsync(client.Credentials.Tls, [client.Credentials.AuthUrl, .. others], time, cancellationToken) is not { } skew)
            {
                Add("identity", Name, CheckStatus.Ok, "not told", "The services' answers have no date.");
                return;
            }

            TimeSpan size = skew.Duration();
            string value = size < TimeSpan.FromSeconds(2) ? "right" : $"{Durations.Format(TimeSpan.FromSeconds(Math.Round(size.TotalSeconds)))} {(skew > TimeSpan.Zero ? "ahead" : "behind")}";
            CheckStatus status = size >= FatalSkew ? CheckStatus.Failed : size >= TolerableSkew ? CheckStatus.Warning : CheckStatus.Ok;
            Add("identity", Name, status, value, status == CheckStatus.Ok ? "" : "This machine's clock differs from the cloud's: tokens seem to expire early or late. Run a time service (chrony) here.");
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Add("identity", Name, CheckStatus.Warning, "unknown", $"A service did not answer: {exception.Message}");
        }
        catch (OpenStackException exception)
        {
            Fail("identity", Name, CloudFailure.Explain(exception));
        }
    }

    private void CheckIdentity(AuthenticatedIdentity self)
    {
        Add("identity", "user", CheckStatus.Ok, self.UserName.Length > 0 ? self.UserName : self.UserId, "");
        if (self.ProjectId is null) Add("identity", "project", CheckStatus.Failed, "none", "The token is for no project. Set tenant-id, or tenant-name and tenant-domain-name, in [Global] of cloud.conf.");
        else Add("identity", "project", CheckStatus.Ok, $"{self.ProjectName ?? ""} ({self.ProjectId})".Trim(), "");
        Add("identity", "roles", self.Roles.IsEmpty ? CheckStatus.Warning : CheckStatus.Ok, string.Join(", ", self.Roles),
            self.Roles.IsEmpty ? "The user has no role on the project; the cloud will forbid most calls." : "");
        TimeSpan left = self.ExpiresAt - time.GetUtcNow();
        string until = self.ExpiresAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        bool renewable = client.Credentials.Method is not AuthMethod.Token;
        Add("identity", "token", left <= TimeSpan.Zero || !renewable ? CheckStatus.Warning : CheckStatus.Ok, $"expires {until}",
            !renewable ? "A token given in cloud.conf cannot be renewed: after that nothing works. Use an application credential."
            : left <= TimeSpan.Zero ? "A fresh token seems to have expired already: this machine's clock is wrong." : "");
    }

    private async Task CheckServicesAsync(string region, ObservedCloud cloud, CancellationToken cancellationToken)
    {
        await TryAsync("services", "compute (Nova)", async () =>
        {
            MicroversionRange range = await client.Compute(region).GetVersionsAsync(cancellationToken);
            Add("services", "compute (Nova)", CheckStatus.Ok, $"{range.Minimum} to {range.Maximum}", "");
        });
        if (cloud.Networks.Failure is { } networkFailure) Fail("services", "network (Neutron)", networkFailure);
        else Add("services", "network (Neutron)", CheckStatus.Ok, "v2.0", "");
        if (!cloud.HasLoadBalancing)
        {
            Add("services", "load-balancer (Octavia)", config.LoadBalancer.Enabled ? CheckStatus.Warning : CheckStatus.Ok, "absent", "Services of type LoadBalancer are not served.");
        }
        else
        {
            await TryAsync("services", "load-balancer (Octavia)", async () =>
            {
                LoadBalancerFeatures features = await client.LoadBalancing(region).GetFeaturesAsync(cancellationToken);
                string providers = cloud.Providers.Failure is null ? string.Join(", ", cloud.Providers.Items.Select(p => p.Name)) : "not told";
                Add("services", "load-balancer (Octavia)", features.Tags ? CheckStatus.Ok : CheckStatus.Warning, $"v{features.Version}, providers {providers}",
                    features.Tags ? "" : "Versions below 2.5 have no tags: load balancers are found by name.");
            });
        }

        bool hasKeyManager = await client.Identity.HasServiceAsync("key-manager", region, cancellationToken);
        bool needsKeyManager = config.LoadBalancer is { DefaultTlsContainerRef: not null, ContainerStore: "barbican" };
        Add("services", "key-manager (Barbican)", hasKeyManager || !needsKeyManager ? CheckStatus.Ok : CheckStatus.Warning, hasKeyManager ? "present" : "absent",
            hasKeyManager || !needsKeyManager ? "" : "default-tls-container-ref cannot be looked up. Set container-store = external to go without.");
    }

    private async Task CheckExtensionsAsync(string region, CancellationToken cancellationToken) => await TryAsync("extensions", "Neutron", async () =>
    {
        HashSet<string> present = [.. (await client.Networking(region).ListExtensionsAsync(cancellationToken)).Select(e => e.Alias)];
        foreach ((string alias, CheckStatus without, string note) in Extensions)
        {
            bool has = present.Contains(alias);
            Add("extensions", alias, has ? CheckStatus.Ok : without, has ? "present" : "absent", has ? "" : $"Without it {note}.");
        }
    });

    private async Task CheckQuotasAsync(string region, ObservedCloud cloud, CancellationToken cancellationToken)
    {
        if (cloud.Self!.ProjectId is not { } project) return;
        await TryAsync("quotas", "servers", async () =>
        {
            ComputeLimits limits = await client.Compute(region).GetLimitsAsync(cancellationToken);
            Quota("servers", limits.UsedInstances, limits.MaxInstances);
        });
        await TryAsync("quotas", "Neutron", async () =>
        {
            Dictionary<string, NetworkQuota> quotas = (await client.Networking(region).GetQuotaAsync(project, cancellationToken)).ToDictionary(q => q.Resource, StringComparer.Ordinal);
            foreach ((string resource, string title) in NetworkResources)
                if (quotas.TryGetValue(resource, out NetworkQuota? quota)) Quota(title, quota.Used + quota.Reserved, quota.Limit);
        });
        if (!cloud.HasLoadBalancing || !config.LoadBalancer.Enabled) return;
        await TryAsync("quotas", "Octavia", async () =>
        {
            LoadBalancingClient octavia = client.LoadBalancing(region);
            LoadBalancerQuota quota = await octavia.GetQuotaAsync(project, cancellationToken);
            Quota("load balancers", await octavia.ListLoadBalancersAsync(new LoadBalancerQuery(), cancellationToken).CountAsync(cancellationToken), quota.LoadBalancers);
            Quota("listeners", await octavia.ListListenersAsync(new ListenerQuery(), cancellationToken).CountAsync(cancellationToken), quota.Listeners);
            var pools = new List<Pool>();
            await foreach (Pool pool in octavia.ListPoolsAsync(new PoolQuery(), cancellationToken)) pools.Add(pool);
            Quota("pools", pools.Count, quota.Pools);
            Quota("members", null, quota.Members);
        });
    }

    private void CheckNodes(IReadOnlyCollection<Node> nodes, Listing<Server> servers, string region)
    {
        if (servers.Failure is { } failure)
        {
            Fail("nodes", "servers", failure);
            return;
        }

        var inventory = new ServerInventory(servers.Items);
        foreach (Node node in nodes.OrderBy(n => n.Metadata.Name, StringComparer.Ordinal))
        {
            (CheckStatus status, string value, string note) = ServerMatch.Find(node, inventory, region) switch
            {
                ServerMatch.Found found => (CheckStatus.Ok, $"{found.Server.Id} {found.Server.Status}", ""),
                ServerMatch.Gone gone => (CheckStatus.Failed, gone.ServerId, "The server of its provider ID is not in the project."),
                ServerMatch.Elsewhere => (CheckStatus.Warning, node.Spec.ProviderId ?? "", "Its provider ID is another cloud's or region's; it is left alone."),
                ServerMatch.Impossible { Servers.IsEmpty: true } => (CheckStatus.Failed, "none", "No server has its name. Name the server like the node, or give the kubelet --provider-id."),
                ServerMatch.Impossible several => (CheckStatus.Failed, string.Join(", ", several.Servers.Select(s => s.Id)), "Several servers have its name. Rename all but one, or give the kubelet --provider-id."),
                _ => (CheckStatus.Failed, "", "The node cannot be matched."),
            };
            Add("nodes", node.Metadata.Name, status, value, note);
        }
    }

    private void Quota(string title, int? used, int limit)
    {
        string value = (used, limit) switch
        {
            (null, < 0) => "no limit",
            (null, _) => $"at most {limit}",
            (_, < 0) => $"{used}, no limit",
            _ => $"{used} of {limit}",
        };
        bool full = limit >= 0 && used >= limit;
        bool nearly = limit > 0 && used >= limit * 0.9;
        Add("quotas", title, full || nearly ? CheckStatus.Warning : CheckStatus.Ok, value,
            full ? "None is left: ask the cloud's operator for more." : nearly ? "Few are left." : "");
    }

    private async Task TryAsync(string group, string name, Func<Task> look)
    {
        try
        {
            await look();
        }
        catch (OpenStackException exception)
        {
            Fail(group, name, CloudFailure.Explain(exception));
        }
    }

    private void Fail(string group, string name, CloudFailure failure)
        => Add(group, name, group is "identity" or "services" or "nodes" ? CheckStatus.Failed : CheckStatus.Warning, "", failure.ToSentences());

    private void Add(string group, string name, CheckStatus status, string value, string note) => _items.Add(new CheckItem(group, name, status, value, note));
}
