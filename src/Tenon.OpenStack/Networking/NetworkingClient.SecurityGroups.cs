using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Networking;

public sealed partial class NetworkingClient
{
    /// <inheritdoc/>
    public IAsyncEnumerable<SecurityGroup> ListSecurityGroupsAsync(SecurityGroupQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .WithEach("id", query.Ids)
            .WithEach("name", query.Names)
            .With("description", query.Description)
            .With("project_id", query.ProjectId)
            .WithJoined("tags", query.Tags)
            .WithJoined("tags-any", query.TagsAny);
        return List<SecurityGroupsWire, SecurityGroupWire, SecurityGroup>(
            "security-groups", filters, query.PageSize, SecurityGroupJson.Default.SecurityGroupsWire, g => g.Id, g => g.ToSecurityGroup(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<SecurityGroup?> GetSecurityGroupAsync(string securityGroupId, CancellationToken cancellationToken)
    {
        SecurityGroupRootWire? answer = await GetAsync(
            "security-groups", securityGroupId, SecurityGroupJson.Default.SecurityGroupRootWire, cancellationToken);
        return answer?.SecurityGroup?.ToSecurityGroup();
    }

    /// <inheritdoc/>
    public async Task<SecurityGroup> CreateSecurityGroupAsync(SecurityGroupCreate group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        var call = new ApiCall
        {
            Operation = "network.security_groups.create",
            Method = HttpMethod.Post,
            Path = "security-groups",
            Body = JsonBody.Of("security_group", b => Write(b, group)),
        };
        return await SendGroupAsync(call, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<SecurityGroup>> CreateSecurityGroupsAsync(IReadOnlyCollection<SecurityGroupCreate> groups, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (groups.Count == 0) return default;
        var call = new ApiCall
        {
            Operation = "network.security_groups.create_bulk",
            Method = HttpMethod.Post,
            Path = "security-groups",
            Body = JsonBody.OfEach("security_groups", groups, Write),
        };
        SecurityGroupsWire answer = await _channel.SendAsync(call, SecurityGroupJson.Default.SecurityGroupsWire, cancellationToken);
        return _channel.Found(call, answer.SecurityGroups).Select(g => g.ToSecurityGroup()).ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<SecurityGroup> UpdateSecurityGroupAsync(
        string securityGroupId, SecurityGroupUpdate update, int? revision, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        var call = new ApiCall
        {
            Operation = "network.security_groups.update",
            Method = HttpMethod.Put,
            Path = Item("security-groups", securityGroupId),
            Revision = revision,
            Body = JsonBody.Of("security_group", b =>
            {
                b.Update("name", update.Name);
                b.Update("description", update.Description);
            }),
        };
        return await SendGroupAsync(call, cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteSecurityGroupAsync(string securityGroupId, CancellationToken cancellationToken)
        => DeleteAsync("security-groups", securityGroupId, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<SecurityGroupRule> ListSecurityGroupRulesAsync(SecurityGroupRuleQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .WithEach("security_group_id", query.SecurityGroupIds)
            .With("remote_group_id", query.RemoteGroupId)
            .With("description", query.Description);
        return List<SecurityGroupRulesWire, SecurityGroupRuleWire, SecurityGroupRule>(
            "security-group-rules", filters, query.PageSize, SecurityGroupJson.Default.SecurityGroupRulesWire, r => r.Id, r => r.ToRule(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<SecurityGroupRule>> CreateSecurityGroupRulesAsync(
        IReadOnlyCollection<SecurityGroupRuleCreate> rules, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rules);
        if (rules.Count == 0) return default;
        var call = new ApiCall
        {
            Operation = "network.security_group_rules.create_bulk",
            Method = HttpMethod.Post,
            Path = "security-group-rules",
            Body = JsonBody.OfEach("security_group_rules", rules, Write),
        };
        SecurityGroupRulesWire answer = await _channel.SendAsync(call, SecurityGroupJson.Default.SecurityGroupRulesWire, cancellationToken);
        return _channel.Found(call, answer.SecurityGroupRules).Select(r => r.ToRule()).ToEquatableArray();
    }

    /// <inheritdoc/>
    public Task DeleteSecurityGroupRuleAsync(string ruleId, CancellationToken cancellationToken)
        => DeleteAsync("security-group-rules", ruleId, cancellationToken);

    private static void Write(JsonBody body, SecurityGroupCreate group)
    {
        body.Set("name", group.Name);
        body.SetUnlessEmpty("description", group.Description);
        body.Set("stateful", group.Stateful);
    }

    private static void Write(JsonBody body, SecurityGroupRuleCreate rule)
    {
        body.Set("security_group_id", rule.SecurityGroupId);
        body.Set("direction", rule.Direction);
        body.Set("ethertype", rule.EtherType);
        body.Set("protocol", rule.Protocol);
        body.Set("port_range_min", rule.PortRangeMin);
        body.Set("port_range_max", rule.PortRangeMax);
        body.Set("remote_ip_prefix", rule.RemoteIpPrefix);
        body.Set("remote_group_id", rule.RemoteGroupId);
        body.SetUnlessEmpty("description", rule.Description);
    }

    private async Task<SecurityGroup> SendGroupAsync(ApiCall call, CancellationToken cancellationToken)
    {
        SecurityGroupRootWire answer = await _channel.SendAsync(call, SecurityGroupJson.Default.SecurityGroupRootWire, cancellationToken);
        return _channel.Found(call, answer.SecurityGroup).ToSecurityGroup();
    }
}
