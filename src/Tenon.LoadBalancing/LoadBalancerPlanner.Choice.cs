using System.Collections.Immutable;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.LoadBalancing;

/// <content>Which load balancer is meant, and what it is called.</content>
public static partial class LoadBalancerPlanner
{
    private abstract record Choice
    {
        public sealed record None : Choice;

        public sealed record Found(ObservedLoadBalancer LoadBalancer, bool IsOwner) : Choice;

        public sealed record Stop(Outcome Outcome) : Choice;
    }

    /// <summary>The load balancer given by ID; else the owner's own, by name, whoever made it.</summary>
    private static Choice Choose(DesiredLoadBalancer desired, LoadBalancerObservation observed)
    {
        ImmutableArray<ObservedLoadBalancer> own =
        [
            .. observed.LoadBalancers.Where(l => HasOwnName(desired, l.LoadBalancer) && l.LoadBalancer.ProvisioningStatus is not ProvisioningStatus.Deleted),
        ];
        if (desired.Id is { } id)
        {
            ObservedLoadBalancer? given = observed.LoadBalancers.FirstOrDefault(l => l.LoadBalancer.Id == id);
            switch (given?.LoadBalancer.ProvisioningStatus)
            {
                case ProvisioningStatus.PendingDelete:
                    return new Choice.Stop(Waiting($"{given.LoadBalancer.Name} ({id})", "being deleted"));
                case not null and not ProvisioningStatus.Deleted:
                    return new Choice.Found(given, HasOwnName(desired, given.LoadBalancer) || IsRenamable(desired, given.LoadBalancer));
            }

            if (own.IsEmpty)
            {
                return new Choice.Stop(new Outcome.Refused(LoadBalancerReasons.SyncFailed,
                    $"metadata.annotations[loadbalancer.openstack.org/load-balancer-id]: there is no load balancer {id}. Remove the annotation to have a new one made, or name one that exists."));
            }
        }

        if (own.FirstOrDefault(l => l.LoadBalancer.ProvisioningStatus is ProvisioningStatus.PendingDelete) is { } dying && own.Length == 1)
        {
            return new Choice.Stop(Waiting($"{dying.LoadBalancer.Name} ({dying.LoadBalancer.Id})", "being deleted"));
        }

        ImmutableArray<ObservedLoadBalancer> living = [.. own.Where(l => l.LoadBalancer.ProvisioningStatus is not ProvisioningStatus.PendingDelete)];
        if (living.Length > 1)
        {
            ImmutableArray<ObservedLoadBalancer> tagged = [.. living.Where(l => desired.IsOwn(l.LoadBalancer.Tags))];
            if (tagged.Length == 1) living = tagged;
        }

        return living switch
        {
            [] => new Choice.None(),
            [var only] => new Choice.Found(only, IsOwner: true),
            _ => new Choice.Stop(new Outcome.Refused(LoadBalancerReasons.SyncFailed,
                $"there are {living.Length} load balancers named {desired.Name}: {string.Join(", ", living.Select(l => l.LoadBalancer.Id))}. Delete the wrong ones, or say which with the annotation loadbalancer.openstack.org/load-balancer-id.")),
        };
    }

    private static bool HasOwnName(DesiredLoadBalancer desired, LoadBalancer loadBalancer)
        => loadBalancer.Name == desired.Name || desired.FormerNames.Contains(loadBalancer.Name);

    /// <summary>
    /// Whether a load balancer was made for this very owner while the cluster had another name. One that the owner only shares has
    /// the owner's present tag already, and one that it never was served by is somebody else's.
    /// </summary>
    private static bool IsRenamable(DesiredLoadBalancer desired, LoadBalancer loadBalancer)
        => desired is { RenamableSuffix: { } suffix, WasServed: true }
            && loadBalancer.Name.StartsWith(desired.OwnerTagPrefix, StringComparison.Ordinal)
            && loadBalancer.Name.EndsWith(suffix, StringComparison.Ordinal)
            && loadBalancer.Name.Length > desired.OwnerTagPrefix.Length + suffix.Length
            && !desired.IsOwn(loadBalancer.Tags);

    /// <summary>Renames the parts first and the load balancer last, so that a rename that is cut short is taken up again.</summary>
    private static void PlanRename(Draft draft, ObservedLoadBalancer observed)
    {
        DesiredLoadBalancer desired = draft.Desired;
        LoadBalancer loadBalancer = observed.LoadBalancer;
        string old = loadBalancer.Name;
        draft.Note(true, LoadBalancerReasons.Rename,
            $"Load balancer {loadBalancer.Id} is named {old}, after another cluster name. It is renamed to {desired.Name}.");
        foreach (Listener listener in observed.Listeners.Where(l => l.Tags.Contains(old) || (l.Tags.IsEmpty && l.Name.EndsWith(old, StringComparison.Ordinal))))
        {
            if (observed.PoolOf(listener) is { } pool)
            {
                if (pool.Monitor is { } monitor && monitor.Name.EndsWith(old, StringComparison.Ordinal))
                {
                    draft.Add(new LoadBalancerChange.UpdateMonitor(loadBalancer.Id, monitor.Id, monitor.Name, new() { Name = Renamed(monitor.Name) }));
                }

                if (pool.Pool.Name.EndsWith(old, StringComparison.Ordinal))
                {
                    draft.Add(new LoadBalancerChange.UpdatePool(loadBalancer.Id, pool.Pool.Id, pool.Pool.Name, new() { Name = Renamed(pool.Pool.Name) }));
                }
            }

            draft.Add(new LoadBalancerChange.UpdateListener(loadBalancer.Id, listener.Id, listener.Name, new()
            {
                Name = listener.Name.EndsWith(old, StringComparison.Ordinal) ? Renamed(listener.Name) : default(OpenStack.Optional<string>),
                Tags = desired.TagsSupported ? Retagged(listener.Tags) : default(OpenStack.Optional<EquatableArray<string>>),
            }));
        }

        draft.Add(new LoadBalancerChange.UpdateLoadBalancer(loadBalancer.Id, old, new()
        {
            Name = desired.Name,
            Tags = desired.TagsSupported ? Retagged(loadBalancer.Tags) : default(OpenStack.Optional<EquatableArray<string>>),
        }));

        string Renamed(string name) => BoundedName.Fit($"{name[..^old.Length]}{desired.Name}", 255);

        EquatableArray<string> Retagged(EquatableArray<string> tags)
            => [.. tags.Where(t => t != old && t != desired.OwnerTag).Append(desired.OwnerTag)];
    }

    private static void PlanTags(Draft draft, LoadBalancer loadBalancer)
    {
        DesiredLoadBalancer desired = draft.Desired;
        if (!desired.TagsSupported) return;
        EquatableArray<string> tags = desired.UnwantedTagPrefix is { } prefix
            ? [.. loadBalancer.Tags.Where(t => !t.StartsWith(prefix, StringComparison.Ordinal))]
            : loadBalancer.Tags;
        if (!desired.IsOwn(tags)) tags = [.. tags.Where(t => t.Length > 0), desired.OwnerTag];
        if (tags == loadBalancer.Tags) return;
        draft.Add(new LoadBalancerChange.UpdateLoadBalancer(loadBalancer.Id, loadBalancer.Name, new() { Tags = tags }));
    }
}
