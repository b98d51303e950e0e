using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>L7 policies and their rules.</summary>
internal sealed class PolicyFeature(BalancerState state)
{
    public void Map(RouteTable routes)
    {
        const string all = "/v2/lbaas/l7policies", one = all + "/{id}", rules = one + "/rules", rule = rules + "/{rule}";
        routes.Get(all, "l7policies.list", request => OctaviaLists.Answer(Types.Policies, Access.Visible(state.Policies, request), request));
        routes.Get(one, "l7policies.show", request => Access.Answer(200, Types.Policies, Find(request), request));
        routes.Post(all, "l7policies.create", Create);
        routes.Put(one, "l7policies.update", Update);
        routes.Delete(one, "l7policies.delete", Delete);
        routes.Get(rules, "l7rules.list", request => OctaviaLists.Answer(Types.Rules, Find(request).Rules, request));
        routes.Get(rule, "l7rules.show", request => Access.Answer(200, Types.Rules, FindRule(request), request));
        routes.Post(rules, "l7rules.create", CreateRule);
        routes.Put(rule, "l7rules.update", UpdateRule);
        routes.Delete(rule, "l7rules.delete", DeleteRule);
    }

    /// <summary>Makes a policy, checked, but not yet part of its listener.</summary>
    public L7Policy Build(Listener listener, Input input, Pool? redirect)
    {
        string action = input.Get<string>("action")!;
        CheckAction(action, redirect is not null, input.Get<string>("redirect_url"), input.Get<string>("redirect_prefix"));
        ProviderRules.CheckPolicies(listener);
        var policy = new L7Policy { Id = Text.NewUuid(), ProjectId = listener.ProjectId, Listener = listener, Action = action, CreatedAt = state.Now };
        Fill(policy, input);
        policy.RedirectPool = redirect;
        if (action is "REDIRECT_TO_URL" or "REDIRECT_PREFIX") policy.RedirectHttpCode ??= 302;
        return policy;
    }

    private static void CheckAction(string action, bool pool, string? url, string? prefix)
    {
        string? missing = action switch
        {
            "REDIRECT_TO_POOL" when !pool => "redirect_pool_id",
            "REDIRECT_TO_URL" when url is null => "redirect_url",
            "REDIRECT_PREFIX" when prefix is null => "redirect_prefix",
            _ => null,
        };
        if (missing is not null) throw new ApiFault(400, $"Invalid L7 Policy arguments: {missing} must not be None");
    }

    private static void Fill(L7Policy policy, Input input)
    {
        Access.FillCommon(policy, input);
        input.When<string>("action", action => policy.Action = action);
        if (input.Has("redirect_url")) policy.RedirectUrl = input.Get<string>("redirect_url");
        if (input.Has("redirect_prefix")) policy.RedirectPrefix = input.Get<string>("redirect_prefix");
        input.When<int>("redirect_http_code", code => policy.RedirectHttpCode = code);
    }

    private static void Place(L7Policy policy, int? position)
    {
        List<L7Policy> all = policy.Listener.Policies;
        all.Remove(policy);
        all.Insert(Math.Clamp((position ?? int.MaxValue) - 1, 0, all.Count), policy);
    }

    private L7Policy Find(ApiRequest request) => Access.Find(state.Policies, request, "L7 Policy");

    private L7Rule FindRule(ApiRequest request)
        => Find(request).Rules.FirstOrDefault(r => r.Id == request["rule"]) ?? throw OctaviaFaults.NotFound("L7Rule", request["rule"]);

    private Pool? Redirect(Input input, LoadBalancer balancer)
    {
        if (input.Get<string>("redirect_pool_id") is not { } id) return null;
        return state.Pools.TryGet(id, out Pool? pool) && pool.Balancer == balancer ? pool : throw OctaviaFaults.NotFound("Pool", id);
    }

    private static IEnumerable<(OctaviaResource Resource, string Status)> Touched(L7Policy policy, string status)
        => [(policy, status), (policy.Listener, Status.PendingUpdate)];

    private ApiResponse Create(ApiRequest request)
    {
        Input input = Types.Policies.Read(request, create: true);
        string id = input.Get<string>("listener_id")!;
        if (!state.Listeners.TryGet(id, out Listener? listener)) throw OctaviaFaults.NotFound("Listener", id);
        if (!request.Token.MaySee(listener.ProjectId)) throw OctaviaFaults.Forbidden();
        if (input.Has("rules")) throw new ApiFault(400, $"Unknown attribute for argument {Types.Policies.Argument}.l7policy: rules");
        state.Quotas.Check(listener.ProjectId, "l7policy", "L7 Policy", () => state.Policies.Count(p => p.ProjectId == listener.ProjectId));
        L7Policy policy = Build(listener, input, Redirect(input, listener.Balancer));
        BalancerState.CheckMutable(listener.Balancer);
        state.Policies.Add(policy.Id, policy);
        Place(policy, input["position"] as int?);
        state.Run(listener.Balancer, Touched(policy, Status.PendingCreate));
        return Access.Answer(201, Types.Policies, policy, request);
    }

    private ApiResponse Update(ApiRequest request)
    {
        Input input = Types.Policies.Read(request, create: false);
        L7Policy policy = Find(request);
        Pool? redirect = Redirect(input, policy.Listener.Balancer) ?? policy.RedirectPool;
        string action = input.Get<string>("action") ?? policy.Action;
        CheckAction(action, redirect is not null, input.Get<string>("redirect_url") ?? policy.RedirectUrl, input.Get<string>("redirect_prefix") ?? policy.RedirectPrefix);
        BalancerState.CheckMutable(policy.Listener.Balancer);
        Fill(policy, input);
        policy.RedirectPool = action == "REDIRECT_TO_POOL" ? redirect : null;
        if (input["position"] is int position) Place(policy, position);
        state.Run(policy.Listener.Balancer, Touched(policy, Status.PendingUpdate));
        return Access.Answer(200, Types.Policies, policy, request);
    }

    private ApiResponse Delete(ApiRequest request)
    {
        L7Policy policy = Find(request);
        BalancerState.CheckMutable(policy.Listener.Balancer);
        state.Run(policy.Listener.Balancer, Touched(policy, Status.PendingDelete), () =>
        {
            policy.Listener.Policies.Remove(policy);
            state.Policies.Remove(policy.Id);
        });
        return ApiResponse.Empty(204);
    }

    /// <summary>Makes a rule, not yet part of its policy.</summary>
    public L7Rule BuildRule(L7Policy policy, Input input)
    {
        var rule = new L7Rule
        {
            Id = Text.NewUuid(), ProjectId = policy.ProjectId, Policy = policy, Type = input.Get<string>("type")!,
            CompareType = input.Get<string>("compare_type")!, Value = input.Get<string>("value")!, CreatedAt = state.Now,
        };
        FillRule(rule, input);
        if (rule.Type is "HEADER" or "COOKIE" && rule.Key is null) throw new ApiFault(400, "Error parsing L7Rule: Invalid L7 Rule: L7 rule type requires a key");
        return rule;
    }

    private static void FillRule(L7Rule rule, Input input)
    {
        Access.FillCommon(rule, input);
        input.When<string>("type", type => rule.Type = type);
        input.When<string>("compare_type", type => rule.CompareType = type);
        if (input.Has("key")) rule.Key = input.Get<string>("key");
        input.When<string>("value", value => rule.Value = value);
        input.When<bool>("invert", invert => rule.Invert = invert);
    }

    private ApiResponse CreateRule(ApiRequest request)
    {
        Input input = Types.Rules.Read(request, create: true);
        L7Policy policy = Find(request);
        state.Quotas.Check(policy.ProjectId, "l7rule", "L7 Rule", () => state.Policies.Where(p => p.ProjectId == policy.ProjectId).Sum(p => p.Rules.Count));
        L7Rule rule = BuildRule(policy, input);
        BalancerState.CheckMutable(policy.Listener.Balancer);
        policy.Rules.Add(rule);
        state.Run(policy.Listener.Balancer, Touched(policy, Status.PendingUpdate).Append((rule, Status.PendingCreate)));
        return Access.Answer(201, Types.Rules, rule, request);
    }

    private ApiResponse UpdateRule(ApiRequest request)
    {
        Input input = Types.Rules.Read(request, create: false);
        L7Rule rule = FindRule(request);
        BalancerState.CheckMutable(rule.Policy.Listener.Balancer);
        FillRule(rule, input);
        state.Run(rule.Policy.Listener.Balancer, Touched(rule.Policy, Status.PendingUpdate).Append((rule, Status.PendingUpdate)));
        return Access.Answer(200, Types.Rules, rule, request);
    }

    private ApiResponse DeleteRule(ApiRequest request)
    {
        L7Rule rule = FindRule(request);
        BalancerState.CheckMutable(rule.Policy.Listener.Balancer);
        state.Run(
            rule.Policy.Listener.Balancer, Touched(rule.Policy, Status.PendingUpdate).Append((rule, Status.PendingDelete)),
            () => rule.Policy.Rules.Remove(rule));
        return ApiResponse.Empty(204);
    }
}
