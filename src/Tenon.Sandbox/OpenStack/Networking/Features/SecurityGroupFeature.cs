using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Security groups, their rules, and address groups.</summary>
internal sealed class SecurityGroupFeature(NetworkState state)
{
    private sealed record RuleKey(
        string Direction, string EtherType, int? Protocol, int? Minimum, int? Maximum, string? Prefix, string? Group, string? AddressGroup)
    {
        /// <summary>What rules are told apart by: all addresses are no restriction, and so no prefix.</summary>
        public RuleKey Scope => Prefix?.EndsWith("/0", StringComparison.Ordinal) == true ? this with { Prefix = null } : this;
    }

    public void Map(RouteTable routes)
    {
        new ResourceApi<SecurityGroup>
        {
            Type = PortTypes.Groups,
            Path = "security-groups",
            Table = state.Groups,
            State = state,
            NotFound = Faults.GroupNotFound,
            Create = Create,
            Update = Update,
            CheckDelete = (group, token) =>
            {
                if (InUse(group)) throw UseFault(group);
                if (group.IsDefault && !token.IsAdmin)
                    throw Faults.Conflict("SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.");
            },
            Delete = Delete,
            BeforeList = MakeDefaultGroup,
        }.Map(routes);
        new ResourceApi<SecurityGroupRule>
        {
            Type = PortTypes.Rules,
            Path = "security-group-rules",
            Table = state.Rules,
            State = state,
            NotFound = id => Faults.NotFound("SecurityGroupRuleNotFound", $"Security group rule {id} does not exist"),
            Create = (input, project, token) => CreateRule(input, project, token, Keys(input)),
            CheckBulk = CheckBulk,
            // The service has the call, and breaks on it.
            Update = (_, _, _) => throw Faults.Crash(),
            Delete = DeleteRule,
            BeforeList = MakeDefaultGroup,
        }.Map(routes);
        MapAddressGroups(routes);
    }

    /// <summary>A project has its default group as soon as somebody asks for its groups.</summary>
    private void MakeDefaultGroup(ApiRequest request)
    {
        string? project = request.Query["project_id"] ?? request.Query["tenant_id"] ?? request.Token.ProjectId;
        if (project is { Length: > 0 } && request.Token.MaySee(project)) state.DefaultGroup(project);
    }

    private static RuleKey KeyOf(SecurityGroupRule rule) => new(
        rule.Direction, rule.EtherType, Protocols.Number(rule.Protocol), rule.PortMinimum, rule.PortMaximum, rule.RemotePrefix, rule.RemoteGroupId,
        rule.RemoteAddressGroupId);

    private SecurityGroup Create(Input input, string project, TokenInfo token)
    {
        if (string.Equals(input.Get<string>("name"), "default", StringComparison.OrdinalIgnoreCase))
            throw DefaultExists();
        state.DefaultGroup(project);
        state.Quotas.Check(project, "security_group", () => state.Groups.Count(g => g.ProjectId == project));
        SecurityGroup group = state.NewGroup(project, input.Or("name", ""), input.Or("description", ""), isDefault: false);
        group.Stateful = input.Or("stateful", true);
        state.AddRule(group, "egress", "IPv4", null);
        state.AddRule(group, "egress", "IPv6", null);
        return group;
    }

    private void Update(SecurityGroup group, Input input, TokenInfo token)
    {
        if (!group.IsDefault && string.Equals(input.Get<string>("name"), "default", StringComparison.OrdinalIgnoreCase)) throw DefaultExists();
        if (group.IsDefault && input.Has("name") && input.Get<string>("name") != group.Name)
            throw Faults.Conflict("SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.");
        if (input.Has("stateful") && input.Or("stateful", true) != group.Stateful && InUse(group)) throw UseFault(group);
        input.When<string>("name", name => group.Name = name);
        input.When<string>("description", text => group.Description = text);
        input.When<bool>("stateful", stateful => group.Stateful = stateful);
    }

    private static ApiFault DefaultExists() => Faults.Conflict("SecurityGroupDefaultAlreadyExists", "Default security group already exists.");

    private bool InUse(SecurityGroup group) => state.Ports.Any(p => p.SecurityGroups.Contains(group.Id));

    private static ApiFault UseFault(SecurityGroup group) => Faults.Conflict("SecurityGroupInUse", $"Security Group {group.Id} in use.");

    private void Delete(SecurityGroup group)
    {
        if (InUse(group)) throw UseFault(group);
        foreach (SecurityGroupRule rule in state.Rules.Where(r => r.RemoteGroupId == group.Id).ToList()) DeleteRule(rule);
        foreach (SecurityGroupRule rule in group.Rules) state.Rules.Remove(rule.Id);
        state.Remove(group);
    }

    private void DeleteRule(SecurityGroupRule rule)
    {
        state.Rules.Remove(rule.Id);
        rule.Group.Rules.Remove(rule);
        rule.Group.Touch(state.Now);
    }

    /// <summary>A rule's identity, after everything about it that can be wrong was looked at.</summary>
    private static RuleKey Keys(Input input)
    {
        string given = input.Get<string>("ethertype") ?? "None";
        string etherType = given.ToLowerInvariant() switch
        {
            "ipv4" => "IPv4",
            "ipv6" => "IPv6",
            _ => throw Faults.Invalid(
                "SecurityGroupRuleInvalidEtherType", $"Security group rule for ethertype '{given}' not supported. Allowed values are ['IPv4', 'IPv6']."),
        };
        string? protocol = Protocols.Canonical(input.Get<string>("protocol"), etherType);
        int? minimum = input.Get<int?>("port_range_min"), maximum = input.Get<int?>("port_range_max");
        Protocols.CheckPort(minimum);
        Protocols.CheckPort(maximum);
        if (minimum == 1 && maximum == 65535) minimum = maximum = null;
        string? prefix = PrefixOf(input.Get<string>("remote_ip_prefix"));
        Protocols.CheckPorts(protocol, minimum, maximum);
        if (prefix is not null && Prefix.TryParse(prefix, out Prefix parsed) && parsed.Version != (etherType == "IPv4" ? 4 : 6))
        {
            throw Faults.Invalid(
                "SecurityGroupRuleParameterConflict", $"Conflicting value ethertype {etherType} for CIDR {input.Get<string>("remote_ip_prefix")}");
        }

        if (etherType == "IPv4" && Protocols.NeedsIPv6(protocol))
        {
            throw Faults.Invalid(
                "SecurityGroupEthertypeConflictWithProtocol", $"Invalid ethertype IPv4 for protocol {protocol}.");
        }

        string? group = input.Get<string>("remote_group_id"), addresses = input.Get<string>("remote_address_group_id");
        if (new[] { prefix, group, addresses }.Count(r => r is not null) > 1)
        {
            throw Faults.Invalid(
                "SecurityGroupMultipleRemoteEntites", "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.");
        }

        input.Set("protocol", protocol);
        return new RuleKey(input.Get<string>("direction")!, etherType, Protocols.Number(protocol), minimum, maximum, prefix, group, addresses);
    }

    private static string? PrefixOf(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        if (!Prefix.TryParse(text, out Prefix prefix, out Ip given)) throw Faults.Invalid("InvalidCIDR", $"Invalid CIDR {text} given as IP prefix.");
        return $"{given}/{prefix.Length}";
    }

    private SecurityGroup GroupFor(string id, string project, TokenInfo token)
        => state.Groups.TryGet(id, out SecurityGroup? group) && (token.IsAdmin || group.ProjectId == project) ? group : throw Faults.GroupNotFound(id);

    private SecurityGroupRule CreateRule(Input input, string project, TokenInfo token, RuleKey key)
    {
        if (key.Group is { } remote) GroupFor(remote, project, token);
        if (key.AddressGroup is { } addresses && !(state.AddressGroups.TryGet(addresses, out AddressGroup? found) && token.MaySee(found.ProjectId)))
            throw AddressGroupNotFound(addresses);
        SecurityGroup group = GroupFor(input.Get<string>("security_group_id")!, project, token);
        state.Quotas.Check(project, "security_group_rule", () => state.Rules.Count(r => r.ProjectId == project));
        CheckNew(group, key);
        var rule = new SecurityGroupRule
        {
            Id = Text.NewUuid(),
            ProjectId = project,
            Group = group,
            Description = input.Or("description", ""),
            Direction = key.Direction,
            EtherType = key.EtherType,
            Protocol = input.Get<string>("protocol"),
            PortMinimum = key.Minimum,
            PortMaximum = key.Maximum,
            RemotePrefix = key.Prefix,
            NormalizedPrefix = Prefix.TryParse(key.Prefix, out Prefix prefix) ? prefix : null,
            RemoteGroupId = key.Group,
            RemoteAddressGroupId = key.AddressGroup,
            CreatedAt = state.Now,
            StandardAttributeId = state.NextStandardAttribute(),
        };
        rule.Born(state.Now, 0);
        state.Rules.Add(rule.Id, rule);
        group.Rules.Add(rule);
        group.Touch(state.Now);
        return rule;
    }

    private static void CheckNew(SecurityGroup group, RuleKey key)
    {
        if (group.Rules.FirstOrDefault(r => KeyOf(r).Scope == key.Scope) is { } same)
            throw Faults.Conflict("SecurityGroupRuleExists", $"Security group rule already exists. Rule id is {same.Id}.");
    }

    private void CheckBulk(ImmutableArray<Input> inputs, string project)
    {
        if (inputs.Length < 2) return;
        if (inputs.Select(i => i.Get<string>("security_group_id")).Distinct().Count() > 1)
            throw Faults.Invalid("SecurityGroupNotSingleGroupRules", "Only allowed to update rules for one security profile at a time");
        RuleKey[] keys = [.. inputs.Select(Keys)];
        if (keys.Select(k => k.Scope).Distinct().Count() < inputs.Length)
            throw Faults.Conflict("DuplicateSecurityGroupRuleInPost", "Duplicate Security Group Rule in POST.");
        if (state.Groups.TryGet(inputs[0].Get<string>("security_group_id")!, out SecurityGroup? group) && group.ProjectId == project)
        {
            foreach (RuleKey key in keys) CheckNew(group, key);
        }

        state.Quotas.Check(project, "security_group_rule", () => state.Rules.Count(r => r.ProjectId == project), inputs.Length);
    }

    private static ApiFault AddressGroupNotFound(string id) => Faults.NotFound("AddressGroupNotFound", $"Address group {id} could not be found.");

    private void MapAddressGroups(RouteTable routes)
    {
        var api = new ResourceApi<AddressGroup>
        {
            Type = NetworkTypes.AddressGroups,
            Path = "address-groups",
            Table = state.AddressGroups,
            State = state,
            NotFound = AddressGroupNotFound,
            Create = (input, project, _) =>
            {
                var group = new AddressGroup
                {
                    Id = Text.NewUuid(), ProjectId = project, Name = input.Or("name", ""), Description = input.Or("description", ""),
                    Addresses = input.Get<ImmutableArray<string>>("addresses"), CreatedAt = state.Now,
                };
                group.Born(state.Now, 1);
                state.AddressGroups.Add(group.Id, group);
                return group;
            },
            Update = (group, input, _) =>
            {
                input.When<string>("name", name => group.Name = name);
                input.When<string>("description", text => group.Description = text);
            },
            Delete = group =>
            {
                if (state.Rules.Any(r => r.RemoteAddressGroupId == group.Id))
                    throw Faults.Conflict("AddressGroupInUse", $"Address group {group.Id} is in use on one or more security group rules.");
                state.AddressGroups.Remove(group.Id);
            },
        };
        api.Map(routes);
        routes.Put("/v2.0/address-groups/{id}/add_addresses", "address_groups.add_addresses", request =>
            ChangeAddresses(api, request, (group, given) =>
            {
                string[] there = [.. given.Intersect(group.Addresses)];
                if (there.Length > 0)
                    throw Faults.Invalid("AddressesAlreadyExist", $"Addresses {Python.Repr(there)} already exist in the address group {group.Id}.");
                group.Addresses = [.. group.Addresses, .. given];
            }));
        routes.Put("/v2.0/address-groups/{id}/remove_addresses", "address_groups.remove_addresses", request =>
            ChangeAddresses(api, request, (group, given) =>
            {
                string[] missing = [.. given.Except(group.Addresses)];
                if (missing.Length > 0)
                    throw Faults.NotFound("AddressesNotFound", $"Addresses {Python.Repr(missing)} not found in the address group {group.Id}.");
                group.Addresses = [.. group.Addresses.Except(given)];
            }));
    }

    private ApiResponse ChangeAddresses(ResourceApi<AddressGroup> api, ApiRequest request, Action<AddressGroup, string[]> change)
    {
        AddressGroup group = api.FindToChange(request, "update");
        if (ResourceType<AddressGroup>.BodyOf(request)["addresses"] is not System.Text.Json.Nodes.JsonArray given)
            throw Faults.Http400("Unable to find 'addresses' in request body");
        change(group, [.. given.Select(a => NetworkTypes.AddressOf("addresses", Python.Str(a))).Distinct()]);
        group.Touch(state.Now);
        return api.Answer(200, group, request);
    }
}
