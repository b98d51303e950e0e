using Tenon.CloudController.Configuration;
using Tenon.Core;

namespace Tenon.CloudController.Tests.Configuration;

/// <summary>Bad cloud.conf: each case ends in one clear message that names the option, its line and the fix.</summary>
public class BadConfigurationTests
{
    private const string Good = """
        [Global]
        auth-url = https://cloud.example.com:5000/v3
        username = kube
        password = hunter2
        domain-name = Default
        tenant-name = demo
        """;

    /// <summary>What is wrong, the lines appended to a good file, severity, line, field, and words of message and fix.</summary>
    public static TheoryData<string, string, ProblemSeverity, int, string, string> Additions => new()
    {
        { "an unknown section with a near one", "[LoadBalancr]\nenabled = true", ProblemSeverity.Warning, 7, "[LoadBalancr]", "Did you mean [LoadBalancer]?" },
        { "an unknown section with no near one", "[Frobnicate]", ProblemSeverity.Warning, 7, "[Frobnicate]", "Known are Global" },
        { "a class without a name", "[LoadBalancerClass]\nnetwork-id = 11111111-2222", ProblemSeverity.Warning, 7, "[LoadBalancerClass]", "needs a name" },
        { "a name where none belongs", "[Route \"x\"]", ProblemSeverity.Warning, 7, "[Route \"x\"]", "takes no name" },
        { "an unknown option with a near one", "[Networking]\npublic-netwrok-name = ext", ProblemSeverity.Warning, 8, "[Networking] public-netwrok-name", "Did you mean public-network-name?" },
        { "an unknown option with no near one", "[Route]\nfrobnicate = 1", ProblemSeverity.Warning, 8, "[Route] frobnicate", "Remove it" },
        { "an unknown option of a class", "[LoadBalancerClass \"dmz\"]\nnetwork-id = 11111111-2222\nsubnet = x", ProblemSeverity.Warning, 9, "[LoadBalancerClass \"dmz\"] subnet", "Did you mean subnet-id?" },
        { "a retired option", "[LoadBalancer]\nuse-octavia = true", ProblemSeverity.Warning, 8, "[LoadBalancer] use-octavia", "Octavia is always used" },
        { "an option of the old in-tree provider", "[Global]\nsecret-name = x", ProblemSeverity.Warning, 8, "[Global] secret-name", "mount the file" },
        { "an option set twice", "[Global]\nregion = a\nregion = b", ProblemSeverity.Warning, 9, "[Global] region", "line 8 set it first" },
        { "a flag that is no flag", "[LoadBalancer]\nenabled = maybe", ProblemSeverity.Error, 8, "[LoadBalancer] enabled", "Write true or false" },
        { "an empty flag", "[LoadBalancer]\ncreate-monitor =", ProblemSeverity.Error, 8, "[LoadBalancer] create-monitor", "Write true or false" },
        { "a number that is no number", "[LoadBalancer]\nmonitor-max-retries = three", ProblemSeverity.Error, 8, "[LoadBalancer] monitor-max-retries", "whole number" },
        { "a number out of range", "[LoadBalancer]\nmonitor-max-retries = 11", ProblemSeverity.Error, 8, "[LoadBalancer] monitor-max-retries", "from 1 to 10" },
        { "a number too large for any number", "[LoadBalancer]\nmax-shared-lb = 99999999999", ProblemSeverity.Error, 8, "[LoadBalancer] max-shared-lb", "whole number" },
        { "max-shared-lb below one", "[LoadBalancer]\nmax-shared-lb = 0", ProblemSeverity.Error, 8, "[LoadBalancer] max-shared-lb", "at least 1" },
        { "a duration that is no duration", "[LoadBalancer]\nmonitor-delay = soon", ProblemSeverity.Error, 8, "[LoadBalancer] monitor-delay", "such as 5s" },
        { "a negative duration", "[LoadBalancer]\nmonitor-timeout = -3s", ProblemSeverity.Error, 8, "[LoadBalancer] monitor-timeout", "out of range" },
        { "an unknown lb-method", "[LoadBalancer]\nlb-method = ROUND_ROBBIN", ProblemSeverity.Error, 8, "[LoadBalancer] lb-method", "Did you mean ROUND_ROBIN?" },
        { "an lb-method that ovn lacks", "[LoadBalancer]\nlb-method = ROUND_ROBIN\nlb-provider = ovn", ProblemSeverity.Error, 8, "[LoadBalancer] lb-method", "SOURCE_IP_PORT" },
        { "an unknown provider", "[LoadBalancer]\nlb-provider = amfora", ProblemSeverity.Warning, 8, "[LoadBalancer] lb-provider", "Known providers are" },
        { "an lb-version of the past", "[LoadBalancer]\nlb-version = v1", ProblemSeverity.Error, 8, "[LoadBalancer] lb-version", "v2" },
        { "a name where a network's ID belongs", "[LoadBalancer]\nfloating-network-id = public", ProblemSeverity.Error, 8, "[LoadBalancer] floating-network-id", "openstack network show" },
        { "a name where a class's subnet ID belongs", "[LoadBalancerClass \"dmz\"]\nsubnet-id = inside", ProblemSeverity.Error, 8, "[LoadBalancerClass \"dmz\"] subnet-id", "openstack subnet show" },
        { "a name where the router's ID belongs", "[Route]\nrouter-id = my router", ProblemSeverity.Error, 8, "[Route] router-id", "openstack router show" },
        { "a malformed pattern", "[LoadBalancer]\nfloating-subnet = ~public-[", ProblemSeverity.Error, 8, "[LoadBalancer] floating-subnet", "regular expression" },
        { "a malformed node selector", "[LoadBalancer]\nnode-selector = \"=production\"", ProblemSeverity.Error, 8, "[LoadBalancer] node-selector", "key" },
        { "a certificate reference that is none", "[LoadBalancer]\ndefault-tls-container-ref = my-cert", ProblemSeverity.Error, 8, "[LoadBalancer] default-tls-container-ref", "Barbican" },
        { "a sort order that is no prefix", "[Networking]\naddress-sort-order = 10.0.0.0/8, 192.168", ProblemSeverity.Warning, 8, "[Networking] address-sort-order", "192.168" },
        { "a prefix too long", "[Networking]\naddress-sort-order = 10.0.0.0/33", ProblemSeverity.Warning, 8, "[Networking] address-sort-order", "10.0.0.0/33" },
        { "a network both public and internal", "[Networking]\npublic-network-name = a\ninternal-network-name = a", ProblemSeverity.Warning, 9, "[Networking] internal-network-name", "Keep it in one of the two" },
        { "an unknown source of metadata", "[Metadata]\nsearch-order = configDrive,metadata", ProblemSeverity.Error, 8, "[Metadata] search-order", "metadataService" },
        { "an empty text option", "[Global]\nregion", ProblemSeverity.Error, 8, "[Global] region", "Write region = VALUE" },
        { "a request timeout without end", "[Metadata]\nrequest-timeout = 2h", ProblemSeverity.Error, 8, "[Metadata] request-timeout", "out of range" },
        { "an unknown endpoint type", "[Global]\nos-endpoint-type = privat", ProblemSeverity.Error, 8, "[Global] os-endpoint-type", "public, internal or admin" },
        { "a certificate without its key", "[Global]\ncert-file = /c.pem", ProblemSeverity.Error, 0, "[Global] key-file", "private key" },
        { "clouds-file without use-clouds", "[Global]\nclouds-file = /c.yaml", ProblemSeverity.Warning, 8, "[Global] clouds-file", "use-clouds = true" },
        { "unchecked certificates", "[Global]\ntls-insecure = true", ProblemSeverity.Warning, 8, "[Global] tls-insecure", "ca-file" },
        { "a syntax error", "[Global]\nregion RegionOne", ProblemSeverity.Error, 8, "[Global] region", "where '=' belongs" },
    };

    [Theory]
    [MemberData(nameof(Additions))]
    public void Each_mistake_gives_one_message_with_option_line_and_fix(string what, string lines, ProblemSeverity severity, int line, string field, string says)
    {
        CloudConfigResult result = CloudConfig.Parse($"{Good}\n{lines}\n");
        Problem problem = result.Problems.ShouldHaveSingleItem(what);
        problem.Severity.ShouldBe(severity);
        problem.Line.ShouldBe(line == 0 ? null : line);
        problem.Field.ShouldBe(field);
        problem.ToString().ShouldContain(says);
        problem.Fix.ShouldNotBeEmpty();
        result.Failed.ShouldBe(severity == ProblemSeverity.Error);
    }

    public static TheoryData<string, string, string, string> Credentials => new()
    {
        { "an empty file", "", "[Global] auth-url", "Set auth-url" },
        { "no auth-url", "username = u\npassword = p\ndomain-id = d\ntenant-id = t", "[Global] auth-url", "Set auth-url" },
        { "an auth-url that is none", "auth-url = cloud:5000\nusername = u\npassword = p\ndomain-id = d\ntenant-id = t", "[Global] auth-url", "http or https" },
        { "a password within auth-url", "auth-url = https://u:secretword@cloud\nusername = u\npassword = p\ndomain-id = d\ntenant-id = t", "[Global] auth-url", "Write the URL alone" },
        { "no credentials", "auth-url = https://cloud", "[Global] username", "use-clouds = true" },
        { "a user without password", "auth-url = https://cloud\nuser-id = u\ntenant-id = t", "[Global] password", "Set password" },
        { "a password without user", "auth-url = https://cloud\npassword = p\ntenant-id = t", "[Global] username", "or user-id" },
        { "a user name without domain", "auth-url = https://cloud\nusername = u\npassword = p\ntenant-id = t", "[Global] user-domain-name", "often Default" },
        { "no project", "auth-url = https://cloud\nuser-id = u\npassword = p", "[Global] tenant-id", "tenant-name" },
        { "a project name without domain", "auth-url = https://cloud\nuser-id = u\npassword = p\ntenant-name = t", "[Global] tenant-domain-name", "often Default" },
        { "an application credential without secret", "auth-url = https://cloud\napplication-credential-id = a", "[Global] application-credential-secret", "Set application-credential-secret" },
        { "a secret without application credential", "auth-url = https://cloud\napplication-credential-secret = s", "[Global] application-credential-id", "application-credential-name" },
        { "an application credential's name without user", "auth-url = https://cloud\napplication-credential-name = a\napplication-credential-secret = s", "[Global] username", "user-domain-name" },
        { "a trust without password", "auth-url = https://cloud\ntrust-id = t\ntrustee-id = u", "[Global] trustee-password", "trustee-password" },
        { "a trust without trustee", "auth-url = https://cloud\ntrust-id = t\ntrustee-password = p", "[Global] trustee-id", "trustee-id" },
    };

    [Theory]
    [MemberData(nameof(Credentials))]
    public void Credentials_that_do_not_suffice_name_the_option_to_set(string what, string lines, string field, string says)
    {
        CloudConfigResult result = CloudConfig.Parse($"[Global]\n{lines}\n");
        result.Failed.ShouldBeTrue(what);
        result.Problems.ShouldContain(p => p.Field == field && p.Severity == ProblemSeverity.Error && p.ToString().Contains(says), what);
        if (lines.Length > 0) result.Problems.Count(p => p.Severity == ProblemSeverity.Error).ShouldBe(1, what);
        string.Join('\n', result.Problems).ShouldNotContain("secretword");
    }

    [Fact]
    public void All_mistakes_of_a_file_are_listed_by_line()
    {
        CloudConfigResult result = CloudConfig.Parse("""
            [Global]
            auth-url = nowhere
            usrname = kube
            password = hunter2
            [LoadBalancer]
            enabled = perhaps
            lb-method = RANDOM
            [Nteworking]
            """);
        result.Failed.ShouldBeTrue();
        result.Problems.Where(p => p.Line is not null).Select(p => p.Line).ShouldBe([2, 3, 6, 7, 8]);
        string.Join('\n', result.Problems).ShouldNotContain("hunter2");
    }

    [Fact]
    public void A_secret_never_prints()
    {
        CloudConfigResult result = CloudConfig.Parse(Good);
        result.Problems.ShouldBeEmpty();
        result.Config!.Global.Password!.Reveal().ShouldBe("hunter2");
        result.ToString().ShouldNotContain("hunter2");
    }
}
