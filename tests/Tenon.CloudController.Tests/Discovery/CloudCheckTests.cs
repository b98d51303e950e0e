using Tenon.CloudController.Configuration;
using Tenon.CloudController.Discovery;
using Tenon.CloudController.Tests.Nodes;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack;
using Tenon.OpenStack.Configuration;
using Tenon.Sandbox;
using Tenon.Sandbox.Measures;
using Tenon.Testing;

namespace Tenon.CloudController.Tests.Discovery;

public class CloudCheckTests
{
    private const int Patience = 60_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task A_cloud_with_credentials_only_is_ready_and_changed_in_nothing()
    {
        await using SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Controllers = "none" }, Token);
        sandbox.Calls.Clear();
        CheckReport report = await CheckAsync(sandbox, nodes: [NodeSamples.Fresh("node-1"), NodeSamples.Fresh("node-2")]);
        report.Problems.ShouldBeEmpty();
        report.Items.Where(i => i.Status == CheckStatus.Failed).ShouldBeEmpty();
        report.Choices.Select(c => c.Option).ShouldBe(
            ["[LoadBalancer] subnet-id", "[Route] router-id", "[LoadBalancer] floating-network-id", "[LoadBalancer] lb-provider", "[LoadBalancer] lb-method"]);
        report.Choices.Single(c => c.Option.Contains("lb-provider")).Value.ShouldBe("ovn");
        report.Items.Where(i => i.Group == "nodes").Select(i => (i.Name, i.Status)).ShouldBe([("node-1", CheckStatus.Ok), ("node-2", CheckStatus.Ok)]);
        foreach (string quota in new[] { "servers", "networks", "ports", "floating IPs", "security groups", "security group rules", "load balancers", "listeners", "pools", "members" })
            report.Items.ShouldContain(i => i.Group == "quotas" && i.Name == quota);
        report.Items.Single(i => i.Name == "servers" && i.Group == "quotas").Value.ShouldStartWith("3 of ");
        report.Items.ShouldContain(i => i.Name == "clock" && i.Value == "right");
        sandbox.Calls.Summary().OpenStack.Writes.ShouldBe(0);
        report.Summary.ShouldStartWith("Ready");
    }

    [Fact(Timeout = Patience)]
    public async Task Nodes_without_their_server_are_named()
    {
        await using SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Controllers = "none" }, Token);
        CheckReport report = await CheckAsync(sandbox, nodes: [NodeSamples.Fresh("node-1"), NodeSamples.Fresh("stranger"), NodeSamples.Fresh("gone").With("openstack:///none")]);
        report.Items.Where(i => i.Group == "nodes" && i.Status == CheckStatus.Failed).Select(i => i.Name).ShouldBe(["gone", "stranger"]);
        report.Verdict.ShouldBe(CheckStatus.Failed);
        report.Summary.ShouldStartWith("Not ready: 2 problems");
    }

    [Fact(Timeout = Patience)]
    public async Task Two_regions_without_a_choice_are_one_problem_that_names_both()
    {
        await using SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Controllers = "none", Regions = ["RegionOne", "RegionTwo"] }, Token);
        CheckReport report = await CheckAsync(sandbox, change: text => text.Replace("region", "# region", StringComparison.Ordinal));
        report.Problems.ShouldHaveSingleItem().ToString().ShouldContain("RegionOne, RegionTwo");
        report.Verdict.ShouldBe(CheckStatus.Failed);
    }

    [Fact(Timeout = Patience)]
    public async Task Wrong_credentials_end_the_check_with_the_options_to_look_at()
    {
        await using SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Controllers = "none" }, Token);
        CheckReport report = await CheckAsync(sandbox, change: text => text.Replace("secret", "wrong", StringComparison.Ordinal));
        CheckItem item = report.Items.Single(i => i.Status == CheckStatus.Failed);
        item.Name.ShouldBe("authentication");
        item.Note.ShouldContain("password");
        item.Note.ShouldNotContain("wrong");
    }

    [Theory(Timeout = Patience)]
    [InlineData("network", 403, "network (Neutron)", "role member")]
    [InlineData("compute", 503, "compute (Nova)", "Nova cannot be reached")]
    [InlineData("load-balancer", 500, "load-balancer (Octavia)", "Octavia failed")]
    public async Task A_service_that_refuses_is_reported_and_the_rest_is_still_looked_at(string service, int status, string item, string says)
    {
        await using SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Controllers = "none" }, Token);
        sandbox.Faults.Add(new FaultRule { Id = "refuse", Service = service, Status = status });
        CheckReport report = await CheckAsync(sandbox);
        report.Items.Single(i => i.Group == "services" && i.Name == item).Note.ShouldContain(says);
        report.Items.Where(i => i.Group == "services").Count().ShouldBe(4);
        report.Items.ShouldContain(i => i.Group == "identity" && i.Name == "project" && i.Status == CheckStatus.Ok);
        report.Verdict.ShouldBe(CheckStatus.Failed);
    }

    [Theory(Timeout = Patience)]
    [InlineData(0, CheckStatus.Ok)]
    [InlineData(90, CheckStatus.Warning)]
    [InlineData(-90, CheckStatus.Warning)]
    [InlineData(3600, CheckStatus.Failed)]
    public async Task A_clock_that_is_wrong_is_found(int seconds, CheckStatus status)
    {
        await using SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Controllers = "none" }, Token);
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(seconds));
        CheckReport report = await CheckAsync(sandbox, clock: clock);
        CheckItem item = report.Items.Single(i => i.Name == "clock");
        item.Status.ShouldBe(status);
        if (status != CheckStatus.Ok)
        {
            item.Value.ShouldContain(seconds > 0 ? "ahead" : "behind");
            item.Note.ShouldContain("chrony");
        }
    }

    [Fact(Timeout = Patience)]
    public async Task A_cloud_that_lacks_extensions_says_what_does_not_work()
    {
        await using SandboxHost sandbox = await SandboxHost.StartAsync(
            new SandboxOptions { Controllers = "none", DisabledNetworkExtensions = ["extraroute-atomic", "allowed-address-pairs"] }, Token);
        CheckReport report = await CheckAsync(sandbox);
        report.Items.Single(i => i.Name == "extraroute-atomic").ShouldSatisfyAllConditions(i => i.Status.ShouldBe(CheckStatus.Ok), i => i.Note.ShouldContain("whole list"));
        report.Items.Single(i => i.Name == "allowed-address-pairs").ShouldSatisfyAllConditions(i => i.Status.ShouldBe(CheckStatus.Warning), i => i.Note.ShouldContain("packets"));
    }

    [Fact(Timeout = Patience)]
    public async Task A_keystone_that_is_not_there_is_one_problem_about_auth_url()
    {
        await using SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Controllers = "none" }, Token);
        CheckReport report = await CheckAsync(sandbox, change: text => text.Replace("http://127.0.0.1:", "http://127.0.0.1:1/x", StringComparison.Ordinal));
        CheckItem item = report.Items.ShouldHaveSingleItem();
        item.Status.ShouldBe(CheckStatus.Failed);
        item.Note.ShouldContain("auth-url");
    }

    private static async Task<CheckReport> CheckAsync(SandboxHost sandbox, IReadOnlyCollection<Node>? nodes = null, Func<string, string>? change = null, TimeProvider? clock = null)
    {
        string text = change?.Invoke(sandbox.CloudConf) ?? sandbox.CloudConf;
        CloudConfig config = CloudConfig.Parse(text).Config.ShouldNotBeNull();
        await using var client = new CloudClient(
            GlobalCredentials.ToCredentials(config.Global), new CloudClientOptions { ReadOnly = true, Retry = new RetryOptions { MaxAttempts = 1 } });
        return await new CloudCheck(client, config, clock ?? TimeProvider.System).RunAsync(nodes ?? [], [], Token);
    }
}
