using Tenon.EndToEnd.Tests.Cloud.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>Virtual IPs of Services as the real OVN treats them: about what it asks the egress rules of who calls, and what a pod sees that calls itself.</summary>
public sealed class PodServiceTests(TestCloud cloud) : CloudTest(cloud)
{
    private const string Web = "10.254.7.7", Own = "10.254.7.8";

    [CloudFact]
    public async Task Egress_is_asked_about_the_virtual_IP_first_and_about_the_pod_behind_it_afterwards()
    {
        PodCluster cluster = await CreateAsync();
        CloudPod[] pods = await AddWebAsync(cluster);

        // What OVN does, from a machine whose rules are written by hand.
        string network = await cluster.UntilAsync("the network is made", id => id.Length > 0, "virtualnetwork", "blue", "-o", "jsonpath={.status.networkId}");
        string virtualIp = await MakeEgressGroupAsync("virtual-ip", ($"{Web}/32", 80));
        string behind = await MakeEgressGroupAsync("behind", [.. pods.Select(p => ($"{p.Address}/32", 8080))]);
        Guest machine = await Project.AddGuestAsync(virtualIp, "machine", "az3", network);
        await SetGroupsAsync(machine, virtualIp, behind);
        await Outside.ShouldBeAnsweredByAsync(() => machine.FetchAsync(Web, 80), "web-1", "web-2");
        await SetGroupsAsync(machine, behind);
        await Outside.UntilSilentAsync(() => machine.FetchAsync(Web, 80));
        (await machine.ProbeAsync([$"tcp/{Web}/80"])).ShouldBe("0", "the first packet is asked about with the virtual IP");
        await Outside.UntilAnsweredAsync(() => machine.FetchAsync(pods[0].Address, 8080));
        await SetGroupsAsync(machine, virtualIp);
        await Outside.UntilSilentAsync(() => machine.FetchAsync(pods[0].Address, 8080));
        // The first packet passes, and so does its answer.
        await Outside.UntilAnsweredAsync(async () => await machine.ProbeAsync([$"tcp/{Web}/80"]) == "1" ? "1" : null);
        (await machine.FetchAsync(Web, 80)).ShouldBeNull("those that follow are asked about with the pod's address");

        // What policies make of it.
        CloudPod[] more = await cluster.AddPodsAsync(
            new PodDeclaration("caller", "compute1") { Labels = new() { ["name"] = "blue", ["app"] = "caller" } }, new PodDeclaration("other", "compute2") { Labels = new() { ["name"] = "blue" } });
        (CloudPod caller, CloudPod other) = (more[0], more[1]);
        await other.TellAsync("http 8080");
        await Outside.UntilAnsweredAsync(() => caller.FetchAsync(other.Address, 8080));
        await cluster.ApplyAsync(Egress("caller", "{podSelector: {matchLabels: {app: web}}}"));
        await Outside.UntilSilentAsync(() => caller.FetchAsync(other.Address, 8080));
        await Outside.ShouldBeAnsweredByAsync(() => caller.FetchAsync(Web, 80), "web-1", "web-2");
        await cluster.ApplyAsync(Egress("caller", "{podSelector: {matchLabels: {app: web, one: \"yes\"}}}"));
        await Outside.UntilSilentAsync(() => caller.FetchAsync(pods[1].Address, 8080));
        (await Outside.UntilAnsweredAsync(() => caller.FetchAsync(pods[0].Address, 8080))).ShouldBe($"web-1 {caller.Address}");
        await Outside.UntilSilentAsync(() => caller.FetchAsync(Web, 80));

        await machine.DeleteAsync();
        await LeaveAsync(cluster);
    }

    [CloudFact]
    public async Task A_pod_reaches_itself_through_its_Service_and_sees_the_virtual_IP_whatever_policies_say_of_others()
    {
        PodCluster cluster = await CreateAsync();
        CloudPod[] pods = await AddWebAsync(cluster);
        (await Outside.UntilAnsweredAsync(() => pods[0].FetchAsync(Own, 80))).ShouldBe($"web-1 {Own}");
        await Outside.ShouldBeAnsweredByAsync(() => pods[0].FetchAsync(Web, 80), "web-1", "web-2");

        // Nobody gets in, but a pod cannot lock itself out.
        await cluster.ApplyAsync("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: closed}
            spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
            """);
        await Outside.UntilSilentAsync(() => pods[0].FetchAsync(pods[1].Address, 8080));
        await Outside.ShouldBeAnsweredByAsync(() => pods[0].FetchAsync(Own, 80), "web-1");

        // And where its egress is closed but to such as it.
        await cluster.ApplyAsync(Egress("web", "{podSelector: {matchLabels: {app: web, one: \"yes\"}}}"));
        await Outside.UntilSilentAsync(() => pods[0].FetchAsync(Web, 80));
        await Outside.ShouldBeAnsweredByAsync(() => pods[0].FetchAsync(Own, 80), "web-1");
        await LeaveAsync(cluster);
    }

    private Task<PodCluster> CreateAsync() => CreatePodClusterAsync(["compute1", "compute2"], "--service-cidr", "10.254.0.0/16", "--service-lb-provider", "ovn");

    /// <summary>Two pods behind one Service, and the first of them alone behind another.</summary>
    private static async Task<CloudPod[]> AddWebAsync(PodCluster cluster)
    {
        await cluster.ApplyAsync($$$"""
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {clusterIP: {{{Web}}}, ports: [{port: 80, targetPort: 8080}], selector: {app: web}}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: own}
            spec: {clusterIP: {{{Own}}}, ports: [{port: 80, targetPort: 8080}], selector: {app: web, one: "yes"}}
            """);
        CloudPod[] pods = await cluster.AddPodsAsync(
            new PodDeclaration("web-1", "compute1") { Labels = new() { ["name"] = "blue", ["app"] = "web", ["one"] = "yes" } },
            new PodDeclaration("web-2", "compute2") { Labels = new() { ["name"] = "blue", ["app"] = "web" } });
        foreach (CloudPod pod in pods) await pod.TellAsync("http 8080");
        return pods;
    }

    private static string Egress(string app, string to) => $$$"""
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: egress}
        spec: {podSelector: {matchLabels: {app: {{{app}}}}}, policyTypes: [Egress], egress: [{to: [{{{to}}}]}]}
        """;

    /// <summary>A security group that lets out nothing but TCP to these.</summary>
    private async Task<string> MakeEgressGroupAsync(string name, params (string Range, int Port)[] targets)
    {
        string id = await Project.MakeSecurityGroupAsync(name);
        foreach (var rule in (await Project.Member.GetAsync("network", $"/v2.0/security-group-rules?security_group_id={id}&direction=egress")).ShouldBe(200).List("security_group_rules"))
            (await Project.Member.DeleteAsync("network", $"/v2.0/security-group-rules/{rule["id"]}")).ShouldBe(204);
        foreach ((string range, int port) in targets)
        {
            (await Project.Member.PostAsync("network", "/v2.0/security-group-rules", new
            {
                security_group_rule = new { security_group_id = id, direction = "egress", ethertype = "IPv4", protocol = "tcp", port_range_min = port, port_range_max = port, remote_ip_prefix = range },
            })).ShouldBe(201);
        }

        return id;
    }

    private async Task SetGroupsAsync(Guest machine, params string[] groups)
        => (await Project.Member.PutAsync("network", $"/v2.0/ports/{machine.PortId}", new { port = new { security_groups = groups } })).ShouldBe(200);

    private async Task LeaveAsync(PodCluster cluster)
    {
        await cluster.EmptyAsync();
        await Project.ShouldHoldNothingElseAsync();
        (await cluster.Controller.StopAsync()).ShouldBe(0, cluster.Controller.Log);
    }
}
