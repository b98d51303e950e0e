using System.Net;
using Tenon.CloudController.Configuration;

namespace Tenon.CloudController.Tests.Configuration;

public class AddressPrefixTests
{
    [Theory]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("192.168.1.1/32", "192.168.1.1/32")]
    [InlineData("2001:DB8::1/32", "2001:db8::/32")]
    [InlineData("::/0", "::/0")]
    [InlineData(" fd00:0::/8 ", "fd00::/8")]
    public void A_prefix_prints_in_its_shortest_form(string text, string printed)
    {
        AddressPrefix.TryParse(text, out AddressPrefix prefix).ShouldBeTrue();
        prefix.ToString().ShouldBe(printed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.0")]
    [InlineData("10.0.0/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("::/129")]
    [InlineData("fe80::%eth0/64")]
    [InlineData("name/8")]
    [InlineData("10.0.0.0/8/8")]
    public void What_is_no_prefix_is_refused(string text) => AddressPrefix.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData("10.0.0.0/8", "10.255.255.255", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "10.0.0.1", false)]
    [InlineData("fd00::/8", "fdff::1", true)]
    public void A_prefix_holds_its_own_addresses_only(string prefix, string address, bool holds)
    {
        AddressPrefix.TryParse(prefix, out AddressPrefix parsed).ShouldBeTrue();
        parsed.Contains(IPAddress.Parse(address)).ShouldBe(holds);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.1.0.0/16", true, true)]
    [InlineData("10.1.0.0/16", "10.0.0.0/8", false, true)]
    [InlineData("10.0.0.0/16", "10.1.0.0/16", false, false)]
    [InlineData("10.0.0.0/8", "::/0", false, false)]
    public void Prefixes_hold_and_overlap(string left, string right, bool contains, bool overlaps)
    {
        AddressPrefix.TryParse(left, out AddressPrefix a).ShouldBeTrue();
        AddressPrefix.TryParse(right, out AddressPrefix b).ShouldBeTrue();
        a.Contains(b).ShouldBe(contains);
        a.Overlaps(b).ShouldBe(overlaps);
    }
}
