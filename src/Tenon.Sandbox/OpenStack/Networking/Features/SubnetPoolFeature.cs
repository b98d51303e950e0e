using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Subnet pools and address scopes.</summary>
internal sealed class SubnetPoolFeature(NetworkState state)
{
    public void Map(RouteTable routes)
    {
        new ResourceApi<SubnetPool>
        {
            Type = NetworkTypes.SubnetPools,
            Path = "subnetpools",
            Table = state.SubnetPools,
            State = state,
            NotFound = Faults.NotFoundPool,
            Sees = (token, pool) => pool.Shared || token.MaySee(pool.ProjectId),
            Create = Create,
            Update = Update,
            Delete = Delete,
        }.Map(routes);
        new ResourceApi<AddressScope>
        {
            Type = NetworkTypes.AddressScopes,
            Path = "address-scopes",
            Table = state.AddressScopes,
            State = state,
            NotFound = id => Faults.NotFound("AddressScopeNotFound", $"Address scope {id} could not be found."),
            Sees = (token, scope) => scope.Shared || token.MaySee(scope.ProjectId),
            Create = CreateScope,
            Update = (scope, input, _) =>
            {
                input.When<string>("name", name => scope.Name = name);
                input.When<bool>("shared", shared => scope.Shared = shared);
            },
            Delete = DeleteScope,
        }.Map(routes);
    }

    /// <summary>The prefix of a new subnet: the one that is asked for, or the first free one of the length asked for.</summary>
    public static Prefix Allocate(NetworkState state, SubnetPool pool, Input input, int version)
    {
        if (pool.Version != version)
            throw Faults.BadRequest("subnets", $"Cannot allocate IPv{version} subnet from IPv{pool.Version} subnet pool");
        Prefix[] used = [.. state.Subnets.Where(s => s.Pool == pool).Select(s => s.Cidr)];
        if (input.Get<string>("cidr") is { } text)
        {
            if (input.Has("prefixlen")) throw Faults.BadRequest("subnets", "cidr and prefixlen must not be supplied together");
            if (!Prefix.TryParse(text, out Prefix wanted)) throw Faults.InvalidInput($"{text} is not in a CIDR format");
            CheckLength(pool, wanted.Length);
            return pool.Prefixes.Any(p => p.Contains(wanted)) && !used.Any(u => u.Overlaps(wanted))
                ? wanted
                : throw Failure("Cannot allocate requested subnet from the available set of prefixes");
        }

        int length = input.Get<int?>("prefixlen") ?? pool.DefaultLength;
        CheckLength(pool, length);
        foreach (Prefix prefix in pool.Prefixes.OrderByDescending(p => p.Length).ThenBy(p => p.Network))
        {
            if (prefix.Length > length) continue;
            Ip start = prefix.First;
            while (true)
            {
                Prefix candidate = Prefix.Of(start, length);
                Prefix? clash = used.Where(u => u.Overlaps(candidate)).Cast<Prefix?>().FirstOrDefault();
                if (clash is null) return candidate;
                Ip last = clash.Value.Last > candidate.Last ? clash.Value.Last : candidate.Last;
                if (last >= prefix.Last) break;
                start = last + 1;
            }
        }

        throw Failure($"Insufficient prefix space to allocate subnet size /{length}");
    }

    private static ApiFault Failure(string reason) => new(500, $"Failed to allocate subnet: {reason}.", "SubnetAllocationError");

    private static void CheckLength(SubnetPool pool, int length)
    {
        if (length < pool.MinimumLength)
        {
            throw Faults.Invalid(
                "MinPrefixSubnetAllocationError",
                $"Unable to allocate subnet with prefix length {length}, minimum allowed prefix is {pool.MinimumLength}.");
        }

        if (length > pool.MaximumLength)
        {
            throw Faults.Invalid(
                "MaxPrefixSubnetAllocationError",
                $"Unable to allocate subnet with prefix length {length}, maximum allowed prefix is {pool.MaximumLength}.");
        }
    }

    private static void CheckBounds(string name, int value, string other, int bound, bool wrong)
    {
        if (!wrong) return;
        throw Faults.Invalid("IllegalSubnetPoolPrefixBounds", $"Illegal prefix bounds: {name}={value}, {other}={bound}.");
    }

    private static void CheckPrefixes(ImmutableArray<Prefix> prefixes)
    {
        if (prefixes.IsEmpty) throw Faults.Invalid("EmptySubnetPoolPrefixList", "Empty subnet pool prefix list.");
        if (prefixes.Any(p => p.Version != prefixes[0].Version))
            throw Faults.Invalid("PrefixVersionMismatch", "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.");
    }

    private SubnetPool Create(Input input, string project, TokenInfo token)
    {
        state.Quotas.Check(project, "subnetpool", () => state.SubnetPools.Count(p => p.ProjectId == project));
        ImmutableArray<Prefix> prefixes = input.Get<ImmutableArray<Prefix>>("prefixes");
        CheckPrefixes(prefixes);
        prefixes = Prefix.Merge(prefixes);
        int width = prefixes[0].Network.Width;
        int minimum = input.Or("min_prefixlen", width == 32 ? 8 : 64);
        int maximum = input.Or("max_prefixlen", width);
        int length = input.Or("default_prefixlen", minimum);
        CheckBounds("min_prefixlen", minimum, "max_prefixlen", maximum, minimum > maximum);
        CheckBounds("default_prefixlen", length, "min_prefixlen", minimum, length < minimum);
        CheckBounds("default_prefixlen", length, "max_prefixlen", maximum, length > maximum);
        string? scope = input.Get<string>("address_scope_id");
        if (scope is not null) CheckScope(scope, prefixes[0].Version, token);
        var pool = new SubnetPool
        {
            Id = Text.NewUuid(),
            ProjectId = project,
            Name = input.Or("name", ""),
            Description = input.Or("description", ""),
            Prefixes = prefixes,
            Version = prefixes[0].Version,
            DefaultLength = length,
            MinimumLength = minimum,
            MaximumLength = maximum,
            Shared = input.Or("shared", false),
            IsDefault = input.Or("is_default", false),
            DefaultQuota = input.Get<int?>("default_quota"),
            AddressScopeId = scope,
            CreatedAt = state.Now,
        };
        pool.Born(state.Now, 0);
        state.SubnetPools.Add(pool.Id, pool);
        return pool;
    }

    private void CheckScope(string id, int version, TokenInfo token)
    {
        if (!state.AddressScopes.TryGet(id, out AddressScope? scope) || !(scope.Shared || token.MaySee(scope.ProjectId)))
            throw Faults.NotFound("AddressScopeNotFound", $"Address scope {id} could not be found.");
        if (scope.Version == version) return;
        throw Faults.Invalid(
            "IllegalSubnetPoolIpVersionAssociationToAddressScope",
            $"Illegal subnetpool association: subnetpool cannot associate with address scope {id} because subnetpool ip_version is not {scope.Version}.");
    }

    private void Update(SubnetPool pool, Input input, TokenInfo token)
    {
        if (input["prefixes"] is ImmutableArray<Prefix> prefixes)
        {
            CheckPrefixes(prefixes);
            prefixes = Prefix.Merge(prefixes);
            // Prefixes may be added and merged, never taken away.
            if (pool.Prefixes.Any(old => !prefixes.Any(p => p.Contains(old))))
            {
                throw Faults.Invalid(
                    "IllegalSubnetPoolPrefixUpdate", "Illegal update to prefixes: Existing prefixes must be a subset of the new prefixes.");
            }

            pool.Prefixes = prefixes;
        }

        if (input.Get<string>("address_scope_id") is { } scope) CheckScope(scope, pool.Version, token);
        if (input.Has("address_scope_id")) pool.AddressScopeId = input.Get<string>("address_scope_id");
        input.When<string>("name", name => pool.Name = name);
        input.When<string>("description", text => pool.Description = text);
        input.When<int>("default_prefixlen", length => pool.DefaultLength = length);
        input.When<int>("min_prefixlen", length => pool.MinimumLength = length);
        input.When<int>("max_prefixlen", length => pool.MaximumLength = length);
        input.When<bool>("is_default", isDefault => pool.IsDefault = isDefault);
        if (input.Has("default_quota")) pool.DefaultQuota = input.Get<int?>("default_quota");
    }

    private void Delete(SubnetPool pool)
    {
        if (state.Subnets.Any(s => s.Pool == pool))
        {
            throw Faults.Invalid(
                "SubnetPoolDeleteError", "Unable to delete subnet pool: Subnet pool has existing allocations.");
        }

        state.SubnetPools.Remove(pool.Id);
    }

    private AddressScope CreateScope(Input input, string project, TokenInfo token)
    {
        var scope = new AddressScope
        {
            Id = Text.NewUuid(), ProjectId = project, Name = input.Or("name", ""), Version = input.Get<int>("ip_version"),
            Shared = input.Or("shared", false), CreatedAt = state.Now,
        };
        state.AddressScopes.Add(scope.Id, scope);
        return scope;
    }

    private void DeleteScope(AddressScope scope)
    {
        if (state.SubnetPools.Any(p => p.AddressScopeId == scope.Id))
        {
            throw Faults.Conflict(
                "AddressScopeInUse",
                $"Unable to complete operation on address scope {scope.Id}. There are one or more subnet pools in use on the address scope");
        }

        state.AddressScopes.Remove(scope.Id);
    }
}
